// How much longer a tokenizer may make text. Steps that lengthen multiply: thirty replacements of "a" by "aa" would
// turn a letter into a gigabyte. Every step states its factor, and a chain beyond mostGrowth is refused when it is
// read.
#pragma once

namespace tenon::text {

// Real chains stay below 1000: NFKC (18), a prepended mark (4), spaces to marks (3), the alphabet of bytes (4).
inline constexpr double mostGrowth = 65536;

} // namespace tenon::text
