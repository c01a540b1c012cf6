#!/usr/bin/env bash
# The Public Suffix List knows the web sites and the storage of cloud services, but not their container registries.
#
# Packages:   tldts 7.4.24 and tldts-core 7.4.24 (npm). tldts contains the list, with its private part.
# Behaviour:  The private part of the list names domains below which each customer gets a host of their own.
#             `acme.azurewebsites.net` is a site of a customer, so `getDomain` gives the whole host. A registry of a customer
#             is a host in the same way: `acme.azurecr.io` is the registry of one customer of Azure, and
#             `123456789012.dkr.ecr.eu-west-1.amazonaws.com` is that of one account of AWS. The list has neither of them:
#             `getDomain` gives `azurecr.io` and `amazonaws.com`. So all customers of a registry service count as one
#             owner. None of the seven registries below is in the list; the four hosts for web sites and storage are.
# Good guess: The registries are in the list, because AWS, Azure and OVHcloud have put other domains of theirs there.
# Remedy:     A program that asks "do two image hosts have the same owner?" needs a list of registries of its own.
# Output seen: see `recorded` below; in each line a host, and the domain that tldts gives for its owner.
#
# Needs Node and npm. Exits with 0 if the output is the recorded one, otherwise with 1.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

cat > recorded <<'END'
acme.azurewebsites.net                       acme.azurewebsites.net
acme.blob.core.windows.net                   acme.blob.core.windows.net
acme.azurecr.io                              azurecr.io
acme.azurecr.cn                              azurecr.cn
acme.s3.amazonaws.com                        acme.s3.amazonaws.com
123456789012.dkr.ecr.eu-west-1.amazonaws.com amazonaws.com
acme.jfrog.io                                jfrog.io
acme.tencentcloudcr.com                      tencentcloudcr.com
acme-registry.cn-hangzhou.cr.aliyuncs.com    aliyuncs.com
acme.cluster027.hosting.ovh.net              acme.cluster027.hosting.ovh.net
acme.c1.gra9.container-registry.ovh.net      ovh.net
END

cat > main.mjs <<'END'
import { getDomain } from 'tldts';

const hosts = [
  'acme.azurewebsites.net',
  'acme.blob.core.windows.net',
  'acme.azurecr.io',
  'acme.azurecr.cn',
  'acme.s3.amazonaws.com',
  '123456789012.dkr.ecr.eu-west-1.amazonaws.com',
  'acme.jfrog.io',
  'acme.tencentcloudcr.com',
  'acme-registry.cn-hangzhou.cr.aliyuncs.com',
  'acme.cluster027.hosting.ovh.net',
  'acme.c1.gra9.container-registry.ovh.net',
];
for (const host of hosts) console.log(host.padEnd(44), getDomain(host, { allowPrivateDomains: true }));
END

npm init --yes > log 2>&1
npm install --save-exact --ignore-scripts --no-audit --no-fund tldts@7.4.24 tldts-core@7.4.24 >> log 2>&1 || { cat log; exit 2; }
node main.mjs > output

cat output
if ! diff recorded output; then
  echo 'The output is not the recorded one: the behaviour changed.'
  exit 1
fi
