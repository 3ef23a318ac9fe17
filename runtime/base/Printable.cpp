#include "runtime/base/Printable.h"

#include <algorithm>

namespace tenon {

size_t characterBytes(std::string_view text) {
  auto byte = [&](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  auto follows = [&](size_t i) { return byte(i) >> 6 == 2; };
  const unsigned first = byte(0), second = byte(1);
  if (first < 0x80)
    return text.empty() ? 0 : 1;
  if (first >= 0xC2 && first <= 0xDF)
    return follows(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) { // neither overlong nor a surrogate
    const bool inRange = follows(1) && (first != 0xE0 || second >= 0xA0) && (first != 0xED || second < 0xA0);
    return inRange && follows(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) { // neither overlong nor above U+10FFFF
    const bool inRange = follows(1) && (first != 0xF0 || second >= 0x90) && (first != 0xF4 || second < 0x90);
    return inRange && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

bool isControl(std::string_view character) {
  const auto first = static_cast<unsigned char>(character.empty() ? ' ' : character[0]);
  return character.size() == 1 ? first < 0x20 || first == 0x7F
                               : first == 0xC2 && static_cast<unsigned char>(character[1]) < 0xA0;
}

void appendEscaped(std::string &out, std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 15]};
  }
}

std::string printable(std::string_view text, Lines lines) {
  std::string out;
  while (!text.empty()) {
    const size_t bytes = characterBytes(text);
    const std::string_view character = text.substr(0, std::max<size_t>(bytes, 1));
    const bool layout = lines == Lines::Several && (character == "\n" || character == "\t");
    if (layout || (bytes > 0 && !isControl(character)))
      out += character;
    else
      appendEscaped(out, character);
    text.remove_prefix(character.size());
  }
  return out;
}

} // namespace tenon
