# SPDX-License-Identifier: GPL-2.0-only
# Named QEMUs, without a network: what is refused, and what a cached one must be to be used.

setup()
{
	root=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	export VTDLAB_CACHE=$BATS_TEST_TMPDIR/cache VTDLAB_QEMUS_DIR=$BATS_TEST_TMPDIR/qemus
	mkdir "$VTDLAB_QEMUS_DIR"
	qemu_get=$root/scripts/qemu-get
}

# A QEMU "own" in the cache, as it would have been unpacked.
cached()
{
	local dir=$VTDLAB_CACHE/qemus/own_1_2.0_x_1

	mkdir -p "$dir/usr/bin"
	printf '#!/bin/sh\necho "program $*"\n' >"$dir/usr/bin/qemu"
	cp "$dir/usr/bin/qemu" "$dir/qemu-system-x86_64"
	chmod +x "$dir/usr/bin/qemu" "$dir/qemu-system-x86_64"
	cat >"$VTDLAB_QEMUS_DIR/own.conf" <<-END
		[qemu]
		version=1:2.0+x~1
		program=usr/bin/qemu
		sha256=$(sha256sum <"$dir/usr/bin/qemu" | cut -d' ' -f1)
		firmware=usr/share/fw
		[packages]
		own=0
	END
	bash -c ". \"$root/scripts/lib/common.sh\"; sums_write \"$dir\""
	printf '%s\n' "$dir"
}

@test "the QEMU that comes with the lab is pinned" {
	unset VTDLAB_QEMUS_DIR
	run "$qemu_get" --list
	[ "$status" -eq 0 ]
	[[ $output == *qemu-10.0* ]]
	run grep -cE '^[a-z0-9-]+=[0-9a-f]{64}( [^ ]+)?$' "$root/images/qemus/qemu-10.0.conf"
	[ "$output" -eq 5 ] # four packages and the program
}

@test "an unknown name and bad usage are refused with status 2" {
	for args in nosuch ../own --bogus "a b" ""; do
		# shellcheck disable=SC2086 # words
		run "$qemu_get" $args
		[ "$status" -eq 2 ]
		[ "$(wc -l <<<"$output")" -eq 1 ]
	done
	[ ! -e "$VTDLAB_CACHE" ]
}

@test "a cached one is printed, and runs" {
	dir=$(cached)
	run "$qemu_get" own --offline
	[ "$status" -eq 0 ]
	[ "$output" = "$dir/qemu-system-x86_64" ]
	run "$output" --version
	[ "$output" = "program --version" ]
}

@test "a cached one that was changed is not used" {
	dir=$(cached)
	echo >>"$dir/usr/bin/qemu"
	run "$qemu_get" own --offline
	[ "$status" -eq 1 ]
	[[ $output == *"does not have its sha256"*"--offline"* ]]
	dir=$(cached)
	echo "echo 3" >"$dir/qemu-system-x86_64"
	run "$qemu_get" own --offline
	[ "$status" -eq 1 ]
	[[ $output == *"cached qemu-system-x86_64 of own_1_2.0_x_1 does not have its sha256"*"--offline"* ]]
}

@test "a conf without a hash is refused" {
	cached >/dev/null
	sed -i '/^sha256/d' "$VTDLAB_QEMUS_DIR/own.conf"
	run "$qemu_get" own --offline
	[ "$status" -eq 2 ]
	[[ $output == *sha256* ]]
}
