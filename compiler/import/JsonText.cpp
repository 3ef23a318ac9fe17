#include "compiler/import/JsonText.h"

#include <charconv>
#include <cmath>

namespace tenon {

std::string jsonString(std::string_view utf8) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : utf8) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\')
      out += {'\\', c};
    else if (byte < 0x20)
      out += {'\\', 'u', '0', '0', kDigits[byte >> 4], kDigits[byte & 15]};
    else
      out += c;
  }
  return out + '"';
}

std::string jsonNumber(double value) {
  if (!std::isfinite(value))
    return "null";
  char text[40];
  return std::string(text, std::to_chars(text, text + sizeof text, value).ptr);
}

} // namespace tenon
