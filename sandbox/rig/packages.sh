# Sourced by ./demo and ./check: name the Debian packages that are missing, and install them.
#
# A need is "package" (installed?) or "command:package" (is there such a command, from wherever?). Packages are
# installed without recommendations, nothing installed is upgraded, and no service is started: a temporary
# policy-rc.d says so to the packages' own scripts, and is removed again.

packages_missing() {
	for need in "$@"; do
		package=${need#*:}
		if [ "$package" != "$need" ]; then
			PATH="$PATH:/usr/sbin:/sbin" command -v "${need%%:*}" >/dev/null 2>&1 && continue
		else
			case $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) in installed) continue ;; esac
		fi
		printf '%s ' "$package"
	done
}

packages_as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	else
		sudo "$@"
	fi
}

packages_install() {
	missing=$(packages_missing "$@")
	[ -z "$missing" ] && return 0
	echo "Missing Debian packages: $missing"
	if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null 2>&1; then
		echo "Please install them as root: apt-get install --no-install-recommends --no-upgrade $missing" >&2
		return 1
	fi
	packages_as_root sh -c '
		policy=/usr/sbin/policy-rc.d
		made=
		undo() { if [ -n "$made" ]; then rm -f "$policy"; fi; }
		trap undo EXIT
		trap "exit 1" INT TERM
		if [ ! -e "$policy" ]; then
			made=yes
			printf "#!/bin/sh\nexit 101\n" >"$policy"
			chmod 755 "$policy"
		fi
		export DEBIAN_FRONTEND=noninteractive
		apt-get -q update && apt-get -q -y install --no-install-recommends --no-upgrade "$@"
	' packages $missing </dev/null || {
		echo "The packages could not be installed; see above." >&2
		return 1
	}
}

# What the build, the programs and the rig need.
PACKAGES_BUILD="autoconf:autoconf automake:automake gcc:gcc libc6-dev make:make pkg-config:pkg-config \
libcjson-dev libcmocka-dev libcrypt-dev libcsv-dev libcurl4-openssl-dev libfcgi-dev libldap-dev \
libsodium-dev libsqlite3-dev libssl-dev libunistring-dev libxml2-dev msgfmt:gettext itstool:itstool"
PACKAGES_RUN="nginx:nginx openssl:openssl ca-certificates python3-aiosmtpd setpriv:util-linux tzdata"
PACKAGES_CHECK="apache2:apache2-bin clang:clang chromium:chromium certutil:libnss3-tools node:nodejs npm:npm \
python3-botocore python3-jsonschema python3-yaml"
