// Regular expressions in Oniguruma's Ruby syntax, as tokenizer.json files carry them, written again in PCRE2's.
//
// The two share most of their syntax and differ in what some of it means; where they do, the translation says what
// Oniguruma means in PCRE2's words:
//   \s \w \h \b [[:alpha:]]    Unicode White_Space, UTS 18 words and hexadecimal digits
//   \p{Han}                    a script, not script extensions; names without regard to case, spaces, '-' and '_'
//   [a[bc]] [a&&[^b]]          nested classes and intersections
//   x{2,3}+  x{2}?  x{,3}      a repeated, an optional and an open interval (PCRE2: possessive, lazy, literal text)
//   (?m) a(?i)b|c              dot matches newlines; an option holds to the group's end, alternatives included
// What has no counterpart is refused with Code::Unsupported; what Oniguruma itself would refuse, with
// Code::InvalidFile. Compile the result with UTF, UCP and MULTILINE.
#pragma once

#include "runtime/base/Status.h"

#include <string>
#include <string_view>

namespace tenon::text {

Result<std::string> translateOniguruma(std::string_view pattern);

} // namespace tenon::text
