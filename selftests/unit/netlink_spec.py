# SPDX-License-Identifier: GPL-2.0-only
"""Compare the netlink specs with the header and the kernel's tables; prints TAP."""
import re
import sys

import yaml

TOP = sys.argv[1]
FAMILIES = {
    "scoutfs": ("SCOUTFS_", "scoutfs_attr", "scoutfs_cmd", "scoutfs.c"),
    "scoutfs_lock": ("SCOUTFS_LOCK_", "scoutfs_lock_attr", "scoutfs_lock_cmd", "lock.c"),
    "scoutfs_net": ("SCOUTFS_NET_", "scoutfs_net_attr", "scoutfs_net_cmd", "net.c"),
}
NLA = {"u64": "NLA_U64", "u32": "NLA_U32", "flag": "NLA_FLAG", "string": "NLA_NUL_STRING"}
HEADER = open(TOP + "/modules/fs/netlink/scoutfs_netlink.h", encoding="ascii").read()
results = []


def check(name, wanted, found):
    results.append(wanted == found)
    print("%s %d netlink: %s" % ("ok" if wanted == found else "not ok", len(results), name))
    if wanted != found:
        print("# spec:   %s\n# source: %s" % (wanted, found))


def constant(prefix, name):
    return prefix + name.upper().replace("-", "_")


def enum(name):
    body = re.search(r"enum %s \{(.*?)\};" % name, HEADER, re.S).group(1)
    return {k: int(v) for k, v in re.findall(r"(\w+)\s*=\s*(\d+)", body)}


def source_ops(text):
    """The entries of the table of operations: command -> do, dump, admin."""
    table = re.search(r"struct genl_ops \w+\[\] = \{(.*?)\n\};", text, re.S).group(1)
    ops = {}
    for entry in re.findall(r"\{(.*?)\n\t\}", table, re.S):
        cmd = re.search(r"\.cmd\s*= (\w+)", entry).group(1)
        ops[cmd] = (".doit" in entry, ".dumpit" in entry, "GENL_ADMIN_PERM" in entry)
    return ops


def source_policy(text):
    table = re.search(r"struct nla_policy \w+\[.*?\] = \{(.*?)\n\};", text, re.S).group(1)
    return dict(re.findall(r"\[(\w+)\]\s*= .*?(NLA_U\d+|NLA_FLAG|NLA_NUL_STRING)", table))


def check_family(family):
    prefix, attr_enum, cmd_enum, source = FAMILIES[family]
    spec = yaml.safe_load(open("%s/Documentation/netlink/specs/%s.yaml" % (TOP, family),
                               encoding="ascii"))
    text = open(TOP + "/modules/fs/netlink/" + source, encoding="ascii").read()
    attrs = spec["attribute-sets"][0]["attributes"]
    types = {a["name"]: a["type"] for a in attrs}
    ops = spec["operations"]["list"]

    check(family + " is its name", spec["name"],
          re.search(r'define %sGENL_NAME\s+"(\w+)"' % prefix, HEADER).group(1))
    check(family + " has its attributes",
          {constant(prefix + "A_", a["name"]): a["value"] for a in attrs}, enum(attr_enum))
    check(family + " has attributes from 1 on",
          list(range(1, len(attrs) + 1)), [a["value"] for a in attrs])
    check(family + " has its commands",
          {constant(prefix + "CMD_", o["name"]): o["value"] for o in ops}, enum(cmd_enum))
    check(family + " has its operations",
          {constant(prefix + "CMD_", o["name"]):
           ("do" in o, "dump" in o, "admin-perm" in o.get("flags", []))
           for o in ops if "event" not in o}, source_ops(text))
    wanted = {}
    for op in ops:
        for kind in ("do", "dump"):
            request = op.get(kind, {}).get("request", {})
            for name in request.get("attributes", []):
                wanted[constant(prefix + "A_", name)] = NLA[types[name]]
    check(family + " takes the attributes of its requests", wanted, source_policy(text))
    used = set()
    for op in ops:
        for kind in ("do", "dump"):
            for way in ("request", "reply"):
                used.update(op.get(kind, {}).get(way, {}).get("attributes", []))
        used.update(op.get("event", {}).get("attributes", []))
    check(family + " uses each attribute", sorted(used | {"pad"}), sorted(types))
    put = set(re.findall(r"(%sA_\w+)" % prefix, text)) - {prefix + "A_MAX"}
    check(family + " knows each attribute", {constant(prefix + "A_", n) for n in types}, put)
    for d in spec.get("definitions", []):
        name = d["name"].replace("-", "_")
        check("%s has the values of %s" % (family, d["name"]),
              {constant("SCOUTFS_" + name.upper() + "_", e): i
               for i, e in enumerate(d["entries"], d.get("value-start", 0))}, enum("scoutfs_" + name))


print("TAP version 13")
for f in FAMILIES:
    check_family(f)
print("1..%d" % len(results))
sys.exit(0 if all(results) else 1)
