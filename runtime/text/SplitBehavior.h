// What becomes of a pattern's matches when text is split by it.
#pragma once

#include "runtime/base/Json.h"
#include "runtime/text/Pattern.h"
#include "runtime/text/SplitText.h"

namespace tenon::text {

// For '-' in "the-final--countdown":
//   Removed             the final countdown
//   Isolated            the - final - - countdown
//   MergedWithPrevious  the- final- - countdown
//   MergedWithNext      the -final - -countdown
//   Contiguous          the - final -- countdown
enum class SplitBehavior { Removed, Isolated, MergedWithPrevious, MergedWithNext, Contiguous };

Result<SplitBehavior> parseSplitBehavior(const JsonValue &node);
// Appends the parts to `out`. `matches` cover their text in order, without gaps.
void cutByMatches(const std::vector<Match> &matches, SplitBehavior behavior, std::vector<Cut> &out);

} // namespace tenon::text
