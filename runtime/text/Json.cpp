#include "runtime/text/Json.h"

#include "runtime/text/Unicode.h"

#include <algorithm>

namespace tenon::text {

using simdjson::dom::element_type;
using Element = simdjson::dom::element;

std::string inQuotes(std::string_view text) {
  constexpr size_t longest = 60;
  std::string out = "\"";
  for (size_t at = 0; at < text.size();) {
    if (out.size() > longest)
      return out + "...\"";
    size_t length = utf8Length(text[at]);
    unsigned char byte = static_cast<unsigned char>(text[at]);
    if (byte < 0x20 || byte == 0x7F) {
      constexpr char digits[] = "0123456789abcdef";
      out += "\\x";
      out += digits[byte >> 4];
      out += digits[byte & 15];
    } else {
      out += text.substr(at, length);
    }
    at += length;
  }
  return out + "\"";
}

std::string JsonNode::describe() const {
  switch (element_.type()) {
  case element_type::ARRAY:
    return "an array";
  case element_type::OBJECT:
    return "an object";
  case element_type::STRING:
    return inQuotes(element_.get_string().value_unsafe());
  case element_type::INT64:
    return std::to_string(element_.get_int64().value_unsafe());
  case element_type::UINT64:
    return std::to_string(element_.get_uint64().value_unsafe());
  case element_type::DOUBLE:
    return std::to_string(element_.get_double().value_unsafe());
  case element_type::BOOL:
    return element_.get_bool().value_unsafe() ? "true" : "false";
  case element_type::NULL_VALUE:
    return "null";
  }
  return "a value";
}

Status JsonNode::invalid(std::string_view expected, std::string_view got) const {
  return Status(Code::InvalidFile, path_ + ": expected " + std::string(expected) + ", got " + std::string(got));
}

Status JsonNode::unsupported(std::string_view what) const {
  return Status(Code::Unsupported, path_ + ": " + std::string(what));
}

template <typename T> static Result<T> valueOf(const JsonNode &node, std::string_view expected) {
  T value;
  if (node.element().get(value) != simdjson::SUCCESS)
    return node.invalid(expected, node.describe());
  return value;
}

Result<bool> JsonNode::asBool() const { return valueOf<bool>(*this, "true or false"); }
Result<int64_t> JsonNode::asInteger() const { return valueOf<int64_t>(*this, "an integer"); }
Result<double> JsonNode::asNumber() const { return valueOf<double>(*this, "a number"); }
Result<std::string_view> JsonNode::asString() const { return valueOf<std::string_view>(*this, "a string"); }
Result<simdjson::dom::array> JsonNode::asArray() const { return valueOf<simdjson::dom::array>(*this, "an array"); }
Result<simdjson::dom::object> JsonNode::asObject() const { return valueOf<simdjson::dom::object>(*this, "an object"); }

Result<std::vector<JsonNode>> JsonNode::items() const {
  TENON_ASSIGN(simdjson::dom::array array, asArray());
  std::vector<JsonNode> nodes;
  for (Element item : array)
    nodes.emplace_back(item, path_ + "[" + std::to_string(nodes.size()) + "]");
  return nodes;
}

Result<JsonNode> JsonNode::member(std::string_view key) const {
  TENON_ASSIGN(simdjson::dom::object object, asObject());
  Element value;
  if (object.at_key(key).get(value) != simdjson::SUCCESS)
    return invalid("a member " + inQuotes(key), "none");
  return JsonNode(value, path_ + "." + std::string(key));
}

std::optional<JsonNode> JsonNode::find(std::string_view key) const {
  simdjson::dom::object object;
  Element value;
  if (element_.get(object) != simdjson::SUCCESS || object.at_key(key).get(value) != simdjson::SUCCESS ||
      value.is_null())
    return std::nullopt;
  return JsonNode(value, path_ + "." + std::string(key));
}

bool JsonNode::has(std::string_view key) const {
  simdjson::dom::object object;
  return element_.get(object) == simdjson::SUCCESS && object.at_key(key).error() == simdjson::SUCCESS;
}

Result<bool> JsonNode::boolOr(std::string_view key, bool otherwise) const {
  std::optional<JsonNode> node = find(key);
  return node ? node->asBool() : Result<bool>(otherwise);
}

Result<bool> JsonNode::boolean(std::string_view key) const {
  TENON_ASSIGN(JsonNode node, member(key));
  return node.asBool();
}

Result<std::string_view> JsonNode::string(std::string_view key) const {
  TENON_ASSIGN(JsonNode node, member(key));
  return node.asString();
}

namespace {
struct RepeatedKey {
  std::string path; // of the object, built from the inside out, below the value that was looked at
  std::string key;
};
} // namespace

// Looks for a repeated key in `value` and below. Depth is bounded by the parser's limit. `uncheckedPath` is the rest of
// the unchecked object's path below `value`; paths are written only once something is found.
static std::optional<RepeatedKey> findRepeatedKey(Element value, std::string_view uncheckedPath) {
  constexpr std::string_view elsewhere = "?";
  if (value.is_array()) {
    size_t index = 0;
    for (Element item : value.get_array().value_unsafe()) {
      if (item.is_object() || item.is_array())
        if (std::optional<RepeatedKey> found = findRepeatedKey(item, elsewhere)) {
          found->path = "[" + std::to_string(index) + "]" + found->path;
          return found;
        }
      ++index;
    }
    return std::nullopt;
  }
  std::vector<std::string_view> keys;
  for (auto [key, item] : value.get_object().value_unsafe()) {
    if (!uncheckedPath.empty())
      keys.push_back(key);
    if (!item.is_object() && !item.is_array())
      continue;
    bool onPath = uncheckedPath.size() > key.size() && uncheckedPath[0] == '.' &&
                  uncheckedPath.substr(1, key.size()) == key &&
                  (uncheckedPath.size() == key.size() + 1 || uncheckedPath[key.size() + 1] == '.');
    if (std::optional<RepeatedKey> found =
            findRepeatedKey(item, onPath ? uncheckedPath.substr(key.size() + 1) : elsewhere)) {
      found->path = "." + std::string(key) + found->path;
      return found;
    }
  }
  std::sort(keys.begin(), keys.end());
  auto repeated = std::adjacent_find(keys.begin(), keys.end());
  if (repeated == keys.end())
    return std::nullopt;
  return RepeatedKey{"", std::string(*repeated)};
}

Result<std::unique_ptr<JsonDocument>> JsonDocument::parse(std::string_view json, std::string_view name,
                                                          std::string_view uncheckedPath) {
  std::string file(name);
  if (json.size() > maxJsonBytes)
    return Status(Code::InvalidFile, file + ": expected at most " + std::to_string(maxJsonBytes) + " bytes, got " +
                                         std::to_string(json.size()));
  auto document = std::make_unique<JsonDocument>();
  simdjson::error_code error = document->parser_.allocate(std::max<size_t>(json.size(), 32), maxJsonDepth);
  Element root;
  if (error == simdjson::SUCCESS)
    error = document->parser_.parse(json.data(), json.size(), /*realloc_if_needed=*/true).get(root);
  if (error == simdjson::MEMALLOC)
    return Status(Code::Resource, file + ": out of memory while parsing " + std::to_string(json.size()) + " bytes");
  if (error == simdjson::DEPTH_ERROR)
    return Status(Code::InvalidFile, file + ": expected at most " + std::to_string(maxJsonDepth) +
                                         " levels of nesting, got more (or an object or array that is never closed)");
  if (error != simdjson::SUCCESS)
    return Status(Code::InvalidFile, file + ": expected a JSON document, got text that is not JSON (" +
                                         simdjson::error_message(error) + "); fetch the file again");
  document->root_.emplace(root, file + ": $");
  if (!root.is_object())
    return document->root_->invalid("an object", document->root_->describe());
  if (std::optional<RepeatedKey> found =
          findRepeatedKey(root, uncheckedPath.empty() ? std::string_view("?") : uncheckedPath))
    return Status(Code::InvalidFile, document->root_->path() + found->path + ": expected every key once, got " +
                                         inQuotes(found->key) + " twice");
  return document;
}

} // namespace tenon::text
