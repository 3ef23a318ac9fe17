// docs/reference/cache-key.md, from the table of CacheKeys.h.
#include "compiler/driver/CacheKeys.h"

namespace tenon {

static const char *cell(bool reaches) { return reaches ? "yes" : ""; }

std::string keyReference() {
  std::string text = R"(# What is in a cache key

Made by `tenon cache keys` from the table that makes the keys; `tools/dev docs` writes this page. How the cache works:
[the artifact cache](../cache.md).

A key is the BLAKE3 of named fields, sorted by name, each name and value preceded by its length. A field stands in plain
text in the entry's manifest. "yes" below: a change may change the key of that part.

All three kinds of entries have these fields:

| Field | Value |
|---|---|
| `build.program`, `build.libLLVM`, `build.libMLIR`, `build.libm`, ... | GNU build ids of the compiler and of the libraries that decide what it makes |
| `compiler` | versions of Tenon and LLVM |

**Code** (one entry for each target) has the resolved `target` and `module`: the digest of the planned IR with the
weights' sources left out. Whatever reaches code is in that IR.

**Weights** (the packed segment) have `weight.NAME` for each weight: its source and recipe as the planned IR has them,
its place, and the digest and range of the file that it is read from. Whatever reaches a packed byte is in there.

**Engines** have `compiler.sources` (the digest of the compiler's sources), `engine.format`, `target.N`, `model.file.N` (the
digest of each checkpoint file) and the fields named in the last column.

Never in any key: paths, names of files, times, the host, locale, environment, the number of threads.
)";
  JsonDocument none = *parseJson("{}", "none");
  const ModelDirectory directory{"", WeightSource::Checkpoint, "", std::move(none), {}, std::nullopt, {}, {}};
  std::string owner;
  for (const KeyRow &row : keyRows({}, directory, {})) {
    if (row.owner != owner)
      text += "\n## " + row.owner +
              "\n\n| Member | Said by | Engine | Code | Weights | How | Field |\n|---|---|---|---|---|---|---|\n";
    owner = row.owner;
    std::string fields;
    for (const auto &[name, value] : row.fields)
      fields += (fields.empty() ? "`" : ", `") + name + "`";
    const std::string said = row.name.empty() ? "" : "`" + row.name + "`";
    text += "| `" + row.member + "` | " + said + " | " + cell(row.engine) + " | " + cell(row.code) + " | " +
            cell(row.weights) + " | " + row.why + " | " + fields + " |\n";
  }
  return text;
}

} // namespace tenon
