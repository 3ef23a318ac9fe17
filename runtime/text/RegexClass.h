// The parts of an Oniguruma pattern that match one character: escapes, properties, bracketed classes. See
// RegexSyntax.h.
#pragma once

#include "runtime/base/Status.h"

#include <string>
#include <string_view>

namespace tenon::text {

// A cursor over a pattern that knows how to complain about it.
class RegexSource {
public:
  explicit RegexSource(std::string_view pattern) : pattern_(pattern) {}
  bool atEnd() const { return at_ == pattern_.size(); }
  // The byte `ahead` of the cursor, 0 past the end.
  char peek(size_t ahead = 0) const { return ahead < pattern_.size() - at_ ? pattern_[at_ + ahead] : '\0'; }
  char take() { return atEnd() ? '\0' : pattern_[at_++]; }
  Result<char32_t> takeCharacter();
  std::string_view rest() const { return pattern_.substr(at_); }

  Status broken(std::string_view expected) const;
  Status unknown(std::string_view what) const;

private:
  std::string where() const;
  std::string_view pattern_;
  size_t at_ = 0;
};

// One thing that stands for a set of characters.
struct ClassItem {
  enum Kind { Literal, Set, NegatedSet } kind = Literal;
  char32_t code = 0;   // Literal
  std::string members; // Set: what stands between PCRE2's brackets. NegatedSet: what stands between [^ and ].
  bool cased = false;  // a set that may hold one case of a letter and not the other
};

// Takes an escape that means one character or a set of them, the cursor on its backslash.
Result<ClassItem> takeEscape(RegexSource &source, bool inClass);
// Takes a bracketed class, the cursor on its '['. The result is one PCRE2 atom. With `caseless` members are refused
// that Oniguruma would extend by other cases and PCRE2 would not.
Result<std::string> translateClass(RegexSource &source, bool caseless);
// The PCRE2 atom that matches one item.
std::string matcherOf(const ClassItem &item);

} // namespace tenon::text
