// Why something was not found: the entry that comes nearest, and the fields in which it differs.
#pragma once

#include "compiler/cache/Store.h"

namespace tenon::cache {

struct Difference {
  std::string field;
  std::optional<std::string> asked, there; // one of them may be missing
};

struct Nearest {
  Key key;
  Fields notes;
  std::vector<Difference> differences; // by field
};

// Of all entries of the kind the one with the fewest differences, the latest used among equals. Nothing where there is
// no entry at all. Damaged ones are passed over.
std::optional<Nearest> findNearest(const Store &store, Kind kind, const Fields &asked);

// "shape.max-batch 4, there 2; build.program ..., there ...": at most `most` fields, long values cut. What
// stands in manifests is shown as printable() (runtime/base/Printable.h) has it.
std::string differencesText(const std::vector<Difference> &differences, size_t most);

// Three lines for each: the field, what was asked, what is there. Of many fields that are alike, which begin with the
// same word (all weights, of another recipe), the first few; how many more there are stands below them.
std::string differencesTable(const std::vector<Difference> &differences);

} // namespace tenon::cache
