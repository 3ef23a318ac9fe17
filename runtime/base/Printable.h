// Text from files and networks, made fit to be shown: nothing in it steers a terminal.
#pragma once

#include <string>
#include <string_view>

namespace tenon {

// Bytes of the well-formed UTF-8 character that `text` begins with; 0 where it begins with none (overlong forms,
// surrogates and what lies beyond U+10FFFF are none) or is empty.
[[nodiscard]] size_t characterBytes(std::string_view text);

// Whether the character is a control character: below U+0020, U+007F, or U+0080 to U+009F, which steer terminals as the
// ASCII ones do.
[[nodiscard]] bool isControl(std::string_view character);

// \x1b for each byte.
void appendEscaped(std::string &out, std::string_view bytes);

// `text` with its control characters, and the bytes that are no UTF-8, as \xHH. By default on one line; else its line
// breaks and tabs stay as they are, for text of several lines that Tenon itself has put together.
enum class Lines { One, Several };
[[nodiscard]] std::string printable(std::string_view text, Lines lines = Lines::One);

} // namespace tenon
