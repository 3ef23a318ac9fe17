// Where Oniguruma's case-insensitive matching goes beyond one character for one: (?i)ss also matches U+00DF there,
// which PCRE2 does not do. Patterns that could tell the difference are refused. See RegexSyntax.h.
#pragma once

namespace tenon::text {

// Whether a character from `first` to `last` folds into several (Unicode's CaseFolding.txt, status F).
bool hasLongFold(char32_t first, char32_t last);
// Whether `first` followed by `second` may be what some single character folds into.
bool mayBeLongFold(char32_t first, char32_t second);

} // namespace tenon::text
