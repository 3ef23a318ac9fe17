// UTF-8 and the few Unicode properties that tokenizers ask for.
//
// Properties come from utf8proc's tables (general categories) and from short lists of the Unicode character database
// where a property is not a union of categories. Threads: pure functions. Unless a function says otherwise, text is
// valid UTF-8.
#pragma once

#include "runtime/base/Utf8.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace tenon::text {

// What text gets in place of bytes that are not UTF-8: U+FFFD.
inline constexpr std::string_view replacementCharacter = "\xEF\xBF\xBD";

using tenon::isUtf8;
// The number of leading bytes that are whole, valid characters.
[[nodiscard]] size_t validUtf8Prefix(std::string_view bytes);

// The number of bytes of the character that starts with `lead` (text is valid, so lead is never a continuation byte).
[[nodiscard]] inline size_t utf8Length(char lead) {
  auto byte = static_cast<unsigned char>(lead);
  return byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

struct Character {
  char32_t code = 0;
  size_t length = 0; // bytes
};
// The character that starts at `at` (< text.size()).
[[nodiscard]] Character characterAt(std::string_view text, size_t at);
// The character that ends at `end` (> 0).
[[nodiscard]] Character characterBefore(std::string_view text, size_t end);

void appendUtf8(std::string &out, char32_t code);

// The White_Space property.
[[nodiscard]] bool isWhitespace(char32_t code);
// General category Nd, Nl or No.
[[nodiscard]] bool isNumeric(char32_t code);
// A character that words are made of (UTS 18's \w): Alphabetic, Mark, Decimal_Number, Connector_Punctuation,
// Join_Control.
[[nodiscard]] bool isWordCharacter(char32_t code);
// Appends the full lower-case mapping, without the conditions that depend on neighbours.
void appendLowercase(std::string &out, char32_t code);

// Turns a stream of bytes into valid UTF-8: each maximal run of bytes that can begin no character becomes one U+FFFD,
// as the Unicode standard's "substitution of maximal subparts" has it. Bytes that may still become a character wait in
// here.
class LossyUtf8 {
public:
  void push(std::string_view bytes, std::string &out);
  // A character that is cut off by the end becomes one U+FFFD.
  void finish(std::string &out);

private:
  std::string waiting_; // at most 3 bytes
};

} // namespace tenon::text
