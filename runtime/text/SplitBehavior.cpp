#include "runtime/text/SplitBehavior.h"

#include "runtime/text/JsonFields.h"

#include <algorithm>

namespace tenon::text {

Result<SplitBehavior> parseSplitBehavior(const JsonValue &node) {
  constexpr std::pair<std::string_view, SplitBehavior> names[] = {
      {"Removed", SplitBehavior::Removed},
      {"Isolated", SplitBehavior::Isolated},
      {"MergedWithPrevious", SplitBehavior::MergedWithPrevious},
      {"MergedWithNext", SplitBehavior::MergedWithNext},
      {"Contiguous", SplitBehavior::Contiguous},
  };
  TENON_ASSIGN(std::string_view name, node.string());
  std::string known;
  for (const auto &[text, behavior] : names) {
    if (text == name)
      return behavior;
    known += known.empty() ? "" : ", ";
    known += text;
  }
  return invalidAt(node, "one of " + known, quoteForMessage(name));
}

void cutByMatches(const std::vector<Match> &matches, SplitBehavior behavior, std::vector<Cut> &out) {
  size_t first = out.size();
  bool previous = false; // whether the stretch before was a match
  switch (behavior) {
  case SplitBehavior::Removed:
    for (const Match &match : matches)
      if (!match.isMatch)
        out.push_back({match.begin, match.end});
    return;
  case SplitBehavior::Isolated:
    for (const Match &match : matches)
      out.push_back({match.begin, match.end});
    return;
  case SplitBehavior::MergedWithPrevious:
  case SplitBehavior::Contiguous:
    for (const Match &match : matches) {
      bool joins = behavior == SplitBehavior::Contiguous ? match.isMatch == previous : match.isMatch && !previous;
      if (joins && out.size() > first)
        out.back().end = match.end;
      else
        out.push_back({match.begin, match.end});
      previous = match.isMatch;
    }
    return;
  case SplitBehavior::MergedWithNext: // the same as with the previous one, from the end
    for (size_t i = matches.size(); i-- > 0;) {
      if (matches[i].isMatch && !previous && out.size() > first)
        out.back().begin = matches[i].begin;
      else
        out.push_back({matches[i].begin, matches[i].end});
      previous = matches[i].isMatch;
    }
    std::reverse(out.begin() + static_cast<ptrdiff_t>(first), out.end());
    return;
  }
}

} // namespace tenon::text
