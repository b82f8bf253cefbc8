# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # variables shared by name: see common.sh
# What a kernel maintainer runs over a change first: the kernel's own
# checkpatch.pl over our files and patches, and sparse over what is compiled.

# lint_style: the number of files with a finding; those are printed.
lint_style()
{
	local file bad=0 style=(perl "$work/tree/scripts/checkpatch.pl" --no-tree --terse --no-summary)

	for file in "${new_files[@]}"; do
		"${style[@]}" --strict -f "$file" >&2 || ((++bad))
	done
	# They are signed by nobody; and a Kconfig that is sourced has to be named.
	for file in "${patches[@]}"; do
		"${style[@]}" --ignore MISSING_SIGN_OFF,EMBEDDED_FILENAME - <"$file" >&2 || {
			say "(- is $file)"
			((++bad))
		}
	done
	printf '%d\n' "$bad"
}

# lint_sparse: the number of findings; those are printed.
lint_sparse()
{
	local log=$work/sparse.log sources=() file checked

	for file in "${new_files[@]}"; do
		[[ $file != *.c ]] || sources+=("$file")
	done
	lab_make C=2 drivers/iommu/intel/ >"$log" 2>&1 || build_failed "$log" 'sparse'
	# Silence alone is no finding: each file must have been looked at.
	checked=$(grep -cE '^  CHECK .*/(kdump|vtdlab)[^/]*\.c$' "$log") || true
	((checked == ${#sources[@]})) ||
		refuse "$name: sparse looked at $checked of ${#sources[@]} files; is it installed (apt-get install sparse), and new enough for this kernel? (see $log)"
	grep -E 'drivers/iommu/intel/(kdump|vtdlab)[^:]*:[0-9]+:[0-9]+: (warning|error)' "$log" >&2 || true
	grep -cE 'drivers/iommu/intel/(kdump|vtdlab)[^:]*:[0-9]+:[0-9]+: (warning|error)' "$log" || true
}

# lab_lint: status 1 when there is something to put right.
lab_lint()
{
	local style sparse

	started=$(date +%s)
	[[ -n $have_deep_copy ]] || refuse "$name has none of kernel-patches/src: nothing to look at"
	[[ -n $kdir ]] || source_fetch
	source_prepare
	[[ -f $work/tree/lab-build/.config ]] || lab_configure
	phase 'checkpatch.pl'
	style=$(lint_style)
	phase 'sparse'
	sparse=$(lint_sparse)
	printf '%s: %d files and %d patches: checkpatch.pl finds something in %d, sparse %d times\n' "$name" \
		"${#new_files[@]}" "${#patches[@]}" "$style" "$sparse"
	((style + sparse == 0))
}
