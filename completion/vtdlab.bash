# SPDX-License-Identifier: GPL-2.0-only
# Completion of vtdlab for bash, and for zsh, which has no mapfile: what the program itself says there is.
# shellcheck disable=SC2207 # none of these words has a blank

_vtdlab_verbs() { vtdlab help 2>/dev/null | sed -nE 's/^  ([a-z-]+) .*/\1/p'; }

_vtdlab_options()
{
	vtdlab "$1" --help 2>/dev/null |
		sed -nE 's/^  (-([a-z]), )?(--[a-z0-9-]+)(=[^ ]+)?.*/\3\4/p' | sed -E 's/=.*/=/'
}

# _vtdlab_values OPTION: what may stand behind it; nothing: files
_vtdlab_values()
{
	case $1 in
	--kernel | -k | --crash-kernel | --reference | --vs) vtdlab list kernels --names ;;
	--qemu) vtdlab list qemus --names ;;
	--set | -s) vtdlab list keys --names | sed 's/$/=/' ;;
	--accel) printf '%s\n' auto kvm tcg ;;
	--clock) printf '%s\n' wall virtual ;;
	--engine) printf '%s\n' local slurm ;;
	--vmm) printf '%s\n' qemu libvirt ;;
	--group) printf "%s\n" quick full negative lab slow ;;
	--side) printf '%s\n' bad good both ;;
	--color) printf '%s\n' auto always never ;;
	esac 2>/dev/null
}

# _vtdlab_words VERB [WORD]: its words that are no options, behind WORD
_vtdlab_words()
{
	case $1 in
	run | calibrate | soak | kconfig) vtdlab list scenarios --names ;;
	list)
		case ${2:-} in
		"") printf '%s\n' scenarios kernels qemus bugs matrices checks keys bug-keys matrix-keys shortcuts ;;
		scenarios | checks) vtdlab list "$2" --names ;;
		esac
		;;
	matrix) vtdlab list matrices --names ;;
	bugs) printf '%s\n' show; vtdlab list bugs --names ;;
	reproduce) printf '%s\n' all quick; vtdlab list bugs --names ;;
	bisect) vtdlab list bugs --names ;;
	cache) printf '%s\n' prune ;;
	help) _vtdlab_verbs ;;
	esac 2>/dev/null
}

_vtdlab()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} verb=${COMP_WORDS[1]} values behind=
	# "--set=x" comes as three words where '=' breaks words
	[[ $cur != '=' ]] || cur=
	[[ $prev != '=' ]] || prev=${COMP_WORDS[COMP_CWORD - 2]}
	COMPREPLY=()
	if ((COMP_CWORD == 1)); then
		COMPREPLY=($(compgen -W "$(_vtdlab_verbs) --help --version" -- "$cur"))
		return
	fi
	values=$(_vtdlab_values "$prev")
	if [[ $values ]]; then
		COMPREPLY=($(compgen -W "$values" -- "$cur"))
	elif [[ $cur == -* ]]; then
		COMPREPLY=($(compgen -W "$(_vtdlab_options "$verb")" -- "$cur"))
	else
		((COMP_CWORD == 2)) || behind=${COMP_WORDS[2]}
		COMPREPLY=($(compgen -W "$(_vtdlab_words "$verb" "$behind")" -- "$cur") $(compgen -f -- "$cur"))
	fi
	[[ ${#COMPREPLY[@]} -ne 1 || ${COMPREPLY[0]} != *= ]] || compopt -o nospace 2>/dev/null
}
complete -F _vtdlab vtdlab
