// How JSON values and places appear in messages.
#include "runtime/base/Json.h"

#include <algorithm>
#include <charconv>
#include <cstdio>

namespace tenon {
namespace {

// Length of the well-formed UTF-8 sequence at text[i], or 0. Overlong forms and surrogates are refused.
size_t utf8Length(std::string_view text, size_t i) {
  auto byte = [&](size_t k) { return static_cast<unsigned char>(text[i + k]); };
  unsigned char lead = byte(0);
  size_t length = lead < 0x80                   ? 1
                  : lead >= 0xC2 && lead < 0xE0 ? 2
                  : (lead & 0xF0) == 0xE0       ? 3
                  : lead >= 0xF0 && lead < 0xF5 ? 4
                                                : 0;
  if (length == 0 || i + length > text.size())
    return 0;
  for (size_t k = 1; k < length; ++k)
    if ((byte(k) & 0xC0) != 0x80)
      return 0;
  if ((lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xED && byte(1) > 0x9F) || (lead == 0xF0 && byte(1) < 0x90) ||
      (lead == 0xF4 && byte(1) > 0x8F))
    return 0;
  return length;
}

// One step of a path: `.key`, or `["odd key"]` where the key would read ambiguously.
std::string memberStep(std::string_view key, bool first) {
  bool plain = !key.empty() && key.size() <= 60;
  for (char c : key)
    plain =
        plain && ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-');
  if (plain)
    return (first ? "" : ".") + std::string(key);
  return "[" + quoteForMessage(key, 120) + "]";
}

} // namespace

std::string quoteForMessage(std::string_view text, size_t maxBytes) {
  std::string out = "\"";
  for (size_t i = 0; i < text.size();) {
    size_t length = utf8Length(text, i);
    if (i + std::max<size_t>(length, 1) > maxBytes)
      return out + "...\"";
    unsigned char c = static_cast<unsigned char>(text[i]);
    // C1 controls (U+0080 to U+009F) steer terminals as the ASCII ones do.
    bool control =
        c < 0x20 || c == 0x7F || (length == 2 && c == 0xC2 && static_cast<unsigned char>(text[i + 1]) < 0xA0);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += text[i];
    } else if (c == '\n') {
      out += "\\n";
    } else if (length == 0 || control) {
      for (size_t k = 0; k < std::max<size_t>(length, 1); ++k) {
        char escaped[8];
        std::snprintf(escaped, sizeof escaped, "\\x%02x", static_cast<unsigned char>(text[i + k]));
        out += escaped;
      }
    } else {
      out.append(text, i, length);
    }
    i += std::max<size_t>(length, 1);
  }
  return out + "\"";
}

std::string JsonValue::brief() const {
  switch (kind()) {
  case JsonKind::Null:
    return "null";
  case JsonKind::Bool:
    return *boolean() ? "true" : "false";
  case JsonKind::Integer:
    return integerText();
  case JsonKind::Real: {
    char text[40];
    std::string_view digits(text, std::to_chars(text, text + sizeof text, *real()).ptr - text);
    // A double that happens to be whole must not read like the integer that was expected.
    return std::string(digits) + (digits.find_first_of(".e") == digits.npos ? ".0" : "");
  }
  case JsonKind::String:
    return quoteForMessage(*string());
  case JsonKind::Array:
    return "an array";
  case JsonKind::Object:
    return "an object";
  }
  return "nothing";
}

// Finds `wanted` at or below `at` and leaves the way there in `path`, last step first. Recursion is bounded by the
// parser's depth limit.
bool JsonValue::findPath(const JsonValue &at, const Handle &wanted, std::vector<std::string> &path, bool top) {
  if (at.handle_ == wanted)
    return true;
  for (auto [key, value] : at.members())
    if (findPath(value, wanted, path, false)) {
      path.push_back(memberStep(key, top));
      return true;
    }
  size_t index = 0;
  for (JsonValue value : at.elements()) {
    if (findPath(value, wanted, path, false)) {
      path.push_back("[" + std::to_string(index) + "]");
      return true;
    }
    ++index;
  }
  return false;
}

std::string JsonValue::path() const {
  std::vector<std::string> steps;
  findPath(top(), handle_, steps, true);
  std::string path;
  for (auto step = steps.rbegin(); step != steps.rend(); ++step)
    path += *step;
  return path.empty() ? "top level" : path;
}

} // namespace tenon
