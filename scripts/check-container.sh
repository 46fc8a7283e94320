#!/usr/bin/env bash
# Builds the container of a bundle and asks it about photographs, on a Debian machine that has neither a container engine nor an image registry
# at hand: podman comes from Debian's packages, and what goes by the name node:22-slim is bootstrapped from them with this machine's
# own Node and npm. `assay verify` does the rest. Needs root; leaves nothing behind but the packages.
# Usage: bash scripts/check-container.sh <bundle> <images> [spec]
set -euo pipefail
[ $# -ge 2 ] && [ "$(id -u)" = 0 ] || { echo "Usage, as root: bash scripts/check-container.sh <bundle> <images> [spec]" >&2; exit 1; }
! docker info > /dev/null 2>&1 || { echo "docker answers here: assay verify builds and asks the container by itself" >&2; exit 1; }
bundle=$1 images=$2 spec=${3:-}
here=$(cd "$(dirname "$0")/.." && pwd)
. /etc/os-release
apt-get update -qq
apt-get install -y -qq --no-install-recommends podman runc netavark aardvark-dns nftables iptables debootstrap > /dev/null
work=$(mktemp -d)
trap 'podman system reset --force > /dev/null 2>&1 || true; rm -rf --one-file-system "$work"' EXIT

# As little as a machine without systemd and with few rights allows; of no effect on an engine that is set up otherwise.
export CONTAINERS_CONF=$work/containers.conf CONTAINERS_STORAGE_CONF=$work/storage.conf
cat > "$CONTAINERS_CONF" << END
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
[containers]
default_ulimits = ["nofile=1000:1000", "nproc=1000:1000"]
[network]
network_backend = "netavark"
network_config_dir = "$work/networks"
END
cat > "$CONTAINERS_STORAGE_CONF" << END
[storage]
driver = "vfs"
runroot = "$work/run"
graphroot = "$work/store"
END

root=$work/root
debootstrap --variant=minbase "$VERSION_CODENAME" "$root" > /dev/null
modules=$(npm root --global)
mkdir -p "$root/usr/local/lib/node_modules" "$root/usr/local/etc" "$root/etc/ssl/certs"
cp "$(node -p process.execPath)" "$root/usr/local/bin/node"
cp -r "$modules/npm" "$root/usr/local/lib/node_modules/"
ln -s ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/local/bin/npm"
cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
printf 'registry=%s\ncafile=/etc/ssl/certs/ca-certificates.crt\n' "$(npm config get registry)" > "$root/usr/local/etc/npmrc"
chroot "$root" node --version > /dev/null # a node that needs libraries of its own does not run there
chroot "$root" useradd --create-home --uid 1000 node
tar -C "$root" -c . | podman import --quiet - docker.io/library/node:22-slim > /dev/null

[ -n "$spec" ] || { spec=$work/spec.md; printf '# Container\n\n## CONSTRAINTS\n\n- Docker container\n- REST API\n' > "$spec"; }
ASSAY_STATE=$work/state node "$here/bin/assay.js" verify "$bundle" --spec "$spec" --data "$images" --json |
  node -e 'const { requirements } = JSON.parse(require("node:fs").readFileSync(0, "utf8")); for (const { text, verdict, evidence } of requirements) console.log(`${verdict}: ${text}. ${evidence}`);'
