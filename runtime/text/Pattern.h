// What Split and Replace look for: {"String": text} or {"Regex": expression} in the file.
// Threads: immutable.
#pragma once

#include "runtime/base/Json.h"
#include "runtime/base/Status.h"
#include "runtime/text/Regex.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::text {

// A stretch of a text that is, or lies between, matches. Byte offsets.
struct Match {
  size_t begin;
  size_t end;
  bool isMatch;
};

class Pattern {
public:
  static Result<Pattern> parse(const JsonValue &node);
  static Result<Pattern> fromRegex(std::string_view expression);

  // Cuts `text` (valid UTF-8, not empty) into matches and what lies between them, in order and without gaps.
  Status cut(std::string_view text, std::vector<Match> &out) const;

  // At most this many times longer does text become when every match becomes `content`.
  double growthBy(std::string_view content) const;

  // The text that is looked for; empty for a regular expression.
  std::string_view literal() const { return literal_; }

private:
  Pattern() = default;
  std::string literal_;
  std::unique_ptr<Regex> regex_; // used when set
};

} // namespace tenon::text
