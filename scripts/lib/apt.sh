# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034,SC2016 # variables shared by name: see common.sh
# A private apt, usable without root: which archive and which keys come from
# the machine's own apt configuration, which suites from the kernel files.
# Nothing outside <cache>/apt is written. Callers hold the cache's lock.

apt_suites()
{
	local conf

	{
		for conf in "$kernels_dir"/*.conf; do
			keyfile_get "$conf" kernel suites
		done
		for conf in "${qemus_dir:-}"/*.conf; do
			[[ ! -f $conf ]] || keyfile_get "$conf" qemu suites
		done
	} | tr ';' '\n' | sed '/^$/d' | sort -u
}

# What the machine's own apt gets its packages from, one "$1" a line. Without
# --no-release-info apt tells only what `apt-get update` has been run for,
# with it not whose archive it is.
apt_machine_targets()
{
	local info

	for info in --release-info --no-release-info; do
		run apt-get "$info" indextargets --format "$1" 'Created-By: Packages' 2>/dev/null
	done | sort -u
}

# apt_machine_uris: sets main_uri and security_uri.
apt_machine_uris()
{
	local uri release component origin rank=-1 security_rank=-1 this

	main_uri=${VTDLAB_DEBIAN_URI:-}
	security_uri=${VTDLAB_DEBIAN_SECURITY_URI:-}
	[[ -z $main_uri || -z $security_uri ]] || return 0
	while IFS='|' read -r uri release component origin; do
		[[ $component == main && $uri != cdrom:* ]] || continue
		# Other vendors use Debian's suite names: go by the signed
		# Origin, or by the path where there are no lists yet.
		this=0
		[[ $uri != *[/.]debian* ]] || this=1
		[[ $origin != Debian ]] || this=2
		case $release in
		*-security | */updates)
			((this > security_rank)) || continue
			security_rank=$this
			security_uri=${VTDLAB_DEBIAN_SECURITY_URI:-$uri}
			;;
		*)
			((this > rank)) || continue
			rank=$this
			main_uri=${VTDLAB_DEBIAN_URI:-$uri}
			;;
		esac
	done < <(apt_machine_targets '$(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(ORIGIN)')
	[[ -n $main_uri ]] ||
		fail "this machine's apt knows no Debian archive: set VTDLAB_DEBIAN_URI to one, or give KERNEL= a path"
	if [[ -z $security_uri && ${main_uri%/} == */debian ]]; then
		security_uri=${main_uri%/}-security/
	fi
}

# Keys: Debian's own, and whatever the machine's Debian source names.
apt_keys()
{
	local uri file

	for file in /usr/share/keyrings/debian-archive-keyring.{gpg,pgp}; do
		[[ ! -r $file ]] || readlink -f "$file"
	done
	while IFS='|' read -r uri file; do
		file=${file%:*}
		[[ ($uri == "$main_uri" || $uri == "$security_uri") && -r $file ]] || continue
		sed -n 's/^Signed-By: *\(\/.*\)/\1/Ip; s/.*\[[^]]*signed-by=\(\/[^] ]*\).*/\1/Ip' "$file"
	done < <(apt_machine_targets '$(REPO_URI)|$(SOURCESENTRY)') | tr -s ', ' '\n' |
		while IFS= read -r file; do
			[[ ! -r $file ]] || readlink -f "$file"
		done
}

apt_private() { run apt-get -c "$cache/apt/apt.conf" -q "$@"; }

apt_setup()
{
	local apt=$cache/apt suite keys uri

	if ! type -P apt-get dpkg-deb >/dev/null; then
		fail 'this host has no apt and dpkg-deb to fetch a Debian kernel with: give KERNEL= a bzImage or a kernel tree'
	fi
	apt_machine_uris
	mkdir -p "$apt"/{sources,state/lists/partial,cache/archives/partial}
	cat >"$apt/apt.conf" <<-END
		Dir::Etc::sourcelist "/dev/null";
		Dir::Etc::sourceparts "$apt/sources";
		Dir::Etc::preferences "/dev/null";
		Dir::Etc::preferencesparts "/dev/null";
		Dir::State "$apt/state";
		Dir::State::status "/dev/null";
		Dir::Cache "$apt/cache";
		#clear APT::Architectures;
		APT::Architecture "amd64";
		APT::Architectures { "amd64"; };
		APT::Sandbox::User "root";
		#clear APT::Update::Pre-Invoke;
		#clear APT::Update::Post-Invoke;
		#clear APT::Update::Post-Invoke-Success;
		Acquire::http::Timeout "30";
		Acquire::https::Timeout "30";
	END
	keys=$(apt_keys | sort -u | tr '\n' ' ')
	while read -r suite; do
		uri=$main_uri
		[[ $suite != *-security ]] || uri=$security_uri
		[[ -n $uri ]] || continue
		printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\nTargets: Packages\n' \
			"$uri" "$suite"
		[[ -z $keys ]] || printf 'Signed-By: %s\n' "$keys"
		printf '\n'
	done < <(apt_suites) >"$apt/sources/kernels.sources"
}

# apt_update: fetches the signed lists and makes index.tsv of them: package,
# version, sha256, size, installed KiB, suite. 1 if any suite failed, with
# apt's own words in $apt_error.
apt_update()
{
	local apt=$cache/apt status=0 file suite

	apt_error=
	need_space "$cache" 80000000 'the package lists'
	apt_setup
	say 'reading the package lists'
	# 15 minutes: apt has been seen to hang on a full disk.
	run timeout --foreground 900 apt-get -c "$apt/apt.conf" -q update >"$apt/update.log" 2>&1 ||
		status=1
	if ((status)) || grep -q '^\(Err:\|W: Failed\|E: \)' "$apt/update.log"; then
		status=1
		apt_error=$(grep '^[EW]: ' "$apt/update.log" | head -n 1 | cut -c4-) || true
	fi
	while IFS='|' read -r file suite; do
		/usr/lib/apt/apt-helper cat-file "$file" 2>/dev/null | apt_index "$suite"
	done < <(apt_private indextargets --format '$(FILENAME)|$(RELEASE)' 2>/dev/null) \
		>"$apt/index.tsv.new"
	[[ -s $apt/index.tsv.new ]] || { rm -f -- "$apt/index.tsv.new"; return 1; }
	mv "$apt/index.tsv.new" "$apt/index.tsv"
	return $status
}

apt_index()
{
	awk -v suite="$1" '
	function flush_stanza()
	{
		if (package ~ /^linux-((image|binary|modules|base)-[0-9].*-amd64|source-[0-9.]+)$/ && sha256 != "")
			print package "\t" version "\t" sha256 "\t" size "\t" installed "\t" suite
		package = version = sha256 = size = installed = ""
	}
	/^Package: /		{ package = $2 }
	/^Version: /		{ version = $2 }
	/^Installed-Size: /	{ installed = $2 }
	/^Size: /		{ size = $2 }
	/^SHA256: /		{ sha256 = $2 }
	/^$/			{ flush_stanza() }
	END			{ flush_stanza() }'
}

# apt_builds: "release version" of each build in the index that can be had, oldest first.
apt_builds()
{
	apt_complete | awk -F '\t' '{ print $2, $1 }' | sort -u | sort -V | awk '{ print $2, $1 }'
}

# apt_packages RELEASE VERSION: index lines of all packages of that build; none if one of them is not there.
apt_packages() { apt_complete "$1" "$2" | cut -f3-; }

# apt_complete [RELEASE VERSION]: "release version" and an index line for each package of each build (or that one) of
# which all packages are in the index: the archive keeps some longer than others. An image package that is only a name
# for others is small; since 6.19 the build is linux-binary, linux-modules and linux-base.
apt_complete()
{
	[[ -s $cache/apt/index.tsv ]] || return 0
	awk -F '\t' -v OFS='\t' -v release="${1:-}" -v version="${2:-}" '
	match($1, /^linux-(image|binary|modules|base)-/) {
		this = substr($1, RLENGTH + 1)
		kind = substr($1, 7, RLENGTH - 7)
		build = this OFS $2
		if ((release != "" && build != release OFS version) || (kind == "image" && $4 <= 1000000) ||
		    (build, kind) in line)
			next
		if (!(build in seen))
			order[++n] = build
		seen[build] = 1
		line[build, kind] = build OFS $0
	}
	END {
		for (i = 1; i <= n; i++) {
			b = order[i]
			if ((b, "binary") in line && (b, "modules") in line && (b, "base") in line)
				print line[b, "binary"] "\n" line[b, "modules"] "\n" line[b, "base"]
			else if ((b, "image") in line)
				print line[b, "image"]
		}
	}' "$cache/apt/index.tsv"
}

# apt_gone RELEASE: which packages of a build that the index has in part are not there.
apt_gone()
{
	local kind

	grep -qs "^linux-binary-$1"$'\t' "$cache/apt/index.tsv" || return 0
	for kind in modules base; do
		grep -qs "^linux-$kind-$1"$'\t' "$cache/apt/index.tsv" || printf 'linux-%s-%s\n' "$kind" "$1"
	done
}

# apt_download DIR PACKAGE=VERSION...: into DIR, which must be empty: apt
# takes a file of the right size that lies there for the right file.
apt_download()
{
	local dir=$1 quiet=-qq log=$cache/tmp/download.log

	shift
	[[ ! -t 2 ]] || quiet=-q
	[[ -z $(ls -A "$dir") ]] || fail "not empty: $dir"
	apt_error=
	if (cd "$dir" && apt_private "$quiet" download "$@") >&2 2>"$log"; then
		return 0
	fi
	apt_error=$(grep -m1 '^[EW]: ' "$log" | cut -c4-) || true
	apt_error=${apt_error:-apt-get download failed without a word}
	return 1
}

# apt_fetch DIR WHAT PACKAGE=VERSION...: into DIR, with the lists that are
# there; if they do not do, with new ones. Exits when it cannot be had.
apt_fetch()
{
	local dir=$1 what=$2

	shift 2
	if [[ -f $cache/apt/apt.conf ]] && apt_download "$dir" "$@"; then
		return
	fi
	find "$dir" -mindepth 1 -delete
	apt_update || [[ -s $cache/apt/index.tsv ]] || disk_failed "$cache" "fetching $what" "$apt_error"
	apt_download "$dir" "$@" && return
	if [[ $apt_error == *'was not found'* || $apt_error == *'Unable to locate'* ]]; then
		refuse "$what: gone from the archive: $apt_error"
	fi
	disk_failed "$cache" "fetching $what" "$apt_error"
}
