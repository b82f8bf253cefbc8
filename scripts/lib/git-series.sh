# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # variables shared by name: see common.sh
# A series for `git am`, made against the HEAD of a kernel tree that is only read: the index and the objects are ours.

# in_tree ARG...: git in the tree, with an index and objects of our own.
in_tree() { GIT_INDEX_FILE=$tmp/index GIT_OBJECT_DIRECTORY=$tmp/objects git -C "$tree" -c user.useConfigOnly=true "$@"; }

# series_open TREE: sets tree, v (its series, 6.12), base and head. $tmp is an empty directory.
series_open()
{
	local ident

	tree=$(readlink -f -- "$1") || true
	v=$(tree_series "$tree") || unfit "$1 is no kernel source tree"
	base=$(git -C "$tree" rev-parse --verify -q HEAD) || unfit "$1 is no git tree"
	mkdir "$tmp/objects"
	GIT_ALTERNATE_OBJECT_DIRECTORIES=$(git -C "$tree" rev-parse --path-format=absolute --git-path objects)
	export GIT_ALTERNATE_OBJECT_DIRECTORIES
	for ident in GIT_AUTHOR_IDENT GIT_COMMITTER_IDENT; do
		in_tree var "$ident" >/dev/null 2>&1 ||
			refuse "git does not know you, who would be the author: git config user.name and user.email"
	done
	head=$base
	in_tree read-tree "$base"
}

# series_apply PATCH: into the index.
series_apply()
{
	in_tree apply --cached "$1" 2>"$tmp/log" ||
		unfit "kernel-patches/${1#"$patches_dir/"} does not apply to $tree, Linux $v: $(head -n 1 "$tmp/log")"
}

# series_misfit DIR: why the patches of DIR do not apply; nothing if they do, one upon the other.
series_misfit()
{
	local patch

	cp "$tmp/index" "$tmp/index.was"
	while IFS= read -r patch; do
		if [[ -n $patch ]] && ! in_tree apply --cached "$patch" 2>"$tmp/log"; then
			printf 'kernel-patches/%s: %s\n' "${patch#"$patches_dir/"}" "$(head -n 1 "$tmp/log")"
			break
		fi
	done < <(lab_series_patches "$1")
	mv "$tmp/index.was" "$tmp/index"
}

# series_commit FILE: `head` becomes a commit of the index on top of `head`; its message is what FILE begins with.
series_commit()
{
	sed -n '1s/^Subject: //; /^---$/q; p' "$1" >"$tmp/message"
	head=$(in_tree commit-tree "$(in_tree write-tree)" -p "$head" -F "$tmp/message")
}

# series_earlier DIR: sets earlier, the last commit of the series that DIR holds, on top of `base`. Before the steps of the
# new one.
series_earlier()
{
	local patch who

	who=$(in_tree var GIT_COMMITTER_IDENT | sed 's/>.*/>/')
	earlier=$base
	while IFS= read -r patch; do
		git mailinfo "$tmp/words" "$tmp/diff" <"$patch" >"$tmp/info" 2>"$tmp/log" || refuse "$patch is no patch: $(head -n 1 "$tmp/log")"
		in_tree apply --cached "$tmp/diff" 2>"$tmp/log" ||
			unfit "$patch, of the earlier series, does not apply to $tree: $(head -n 1 "$tmp/log")"
		# format-patch signs what is new when it is written.
		{ sed -n 's/^Subject: //p' "$tmp/info"; echo; grep -vxF "Signed-off-by: $who" "$tmp/words" || true; } |
			git stripspace >"$tmp/message"
		earlier=$(in_tree commit-tree "$(in_tree write-tree)" -p "$earlier" -F "$tmp/message")
	done < <(find "$1" -maxdepth 1 -name '*[0-9][0-9][0-9][0-9]-*.patch' ! -name '*0000-*' | sort)
	[[ $earlier != "$base" ]] || refuse "$1 holds no series"
	in_tree read-tree "$base"
}

# series_write DIR COVER [OPTION...]: the patches, and a cover letter with the words of COVER.
series_write()
{
	local out=$1 cover=$2 letter

	shift 2
	mkdir -p -- "$out" || fail "cannot make $out"
	in_tree format-patch -q --cover-letter -o "$(readlink -f -- "$out")" "$@" "$base..$head" ||
		fail "cannot write to $out"
	for letter in "$out"/*0000-cover-letter.patch; do
		! grep -qF '*** BLURB HERE ***' "$letter" || break
	done
	awk -v cover="$cover" '
	BEGIN { getline subject <cover }
	sub(/\*\*\* SUBJECT HERE \*\*\*/, subject) { print; next }
	/\*\*\* BLURB HERE \*\*\*/ {
		getline line <cover
		while ((getline line <cover) > 0)
			print line
		next
	}
	{ print }' "$letter" >"$tmp/cover.new"
	cat "$tmp/cover.new" >"$letter"
}
