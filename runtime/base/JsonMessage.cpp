// How JSON values and places appear in messages.
#include "runtime/base/Json.h"
#include "runtime/base/Printable.h"

#include <algorithm>
#include <charconv>

namespace tenon {
namespace {

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
    const size_t length = characterBytes(text.substr(i));
    const std::string_view character = text.substr(i, std::max<size_t>(length, 1));
    if (i + character.size() > maxBytes)
      return out + "...\"";
    if (character == "\"" || character == "\\")
      out.append("\\").append(character);
    else if (character == "\n")
      out += "\\n";
    else if (length == 0 || isControl(character))
      appendEscaped(out, character);
    else
      out += character;
    i += character.size();
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
