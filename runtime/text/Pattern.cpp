#include "runtime/text/Pattern.h"

namespace tenon::text {

Result<Pattern> Pattern::fromRegex(std::string_view expression) {
  Pattern pattern;
  TENON_ASSIGN(pattern.regex_, Regex::compile(expression));
  return pattern;
}

Result<Pattern> Pattern::parse(const JsonNode &node) {
  if (node.has("String") == node.has("Regex"))
    return node.invalid("{\"String\": text} or {\"Regex\": expression}", node.describe());
  if (node.has("Regex")) {
    TENON_ASSIGN(std::string_view expression, node.string("Regex"));
    Result<Pattern> pattern = fromRegex(expression);
    if (!pattern.isOk())
      return std::move(pattern).status().within(node.path() + ".Regex");
    return pattern;
  }
  TENON_ASSIGN(std::string_view literal, node.string("String"));
  if (literal.empty()) // matches between all characters, as the empty expression does
    return fromRegex("");
  Pattern pattern;
  pattern.literal_ = literal;
  return pattern;
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
