#include "runtime/text/Pattern.h"

#include "runtime/text/JsonFields.h"

#include <algorithm>

namespace tenon::text {

Result<Pattern> Pattern::fromRegex(std::string_view expression) {
  Pattern pattern;
  TENON_ASSIGN(pattern.regex_, Regex::compile(expression));
  return pattern;
}

Result<Pattern> Pattern::parse(const JsonValue &node) {
  TENON_TRY(node.asObject().status());
  std::optional<JsonValue> expression = node.find("Regex");
  if (expression.has_value() == node.find("String").has_value())
    return node.mismatch("{\"String\": text} or {\"Regex\": expression}");
  if (expression) {
    TENON_ASSIGN(std::string_view text, expression->string());
    Result<Pattern> pattern = fromRegex(text);
    if (!pattern.isOk())
      return std::move(pattern).status().within(placeOf(*expression));
    return pattern;
  }
  TENON_ASSIGN(std::string_view literal, stringAt(node, "String"));
  if (literal.empty()) // matches between all characters, as the empty expression does
    return fromRegex("");
  Pattern pattern;
  pattern.literal_ = literal;
  return pattern;
}

double Pattern::growthBy(std::string_view content) const {
  size_t least = regex_ ? regex_->leastLength() : literal_.size();
  auto length = static_cast<double>(content.size());
  // Empty matches add the content to what is there, once before every character and once at the end.
  return least == 0 ? 1 + 2 * length : std::max(1.0, length / static_cast<double>(least));
}

Status Pattern::cut(std::string_view text, std::vector<Match> &out) const {
  out.clear();
  size_t previous = 0;
  auto add = [&](size_t begin, size_t end) {
    if (previous != begin)
      out.push_back({previous, begin, false});
    out.push_back({begin, end, true});
    previous = end;
  };
  if (regex_) {
    RegexSearch search(*regex_);
    search.start(text);
    for (;;) {
      TENON_ASSIGN(bool found, search.next());
      if (!found)
        break;
      add(search.begin(), search.end());
    }
  } else {
    for (size_t at = text.find(literal_); at != std::string_view::npos; at = text.find(literal_, at + literal_.size()))
      add(at, at + literal_.size());
  }
  if (previous != text.size())
    out.push_back({previous, text.size(), false});
  return Status::ok();
}

} // namespace tenon::text
