// simdjson's DOM behind Json.h. simdjson validates UTF-8 and the grammar; the limits, the duplicate check and the
// messages are ours. Its header is large, so it is included only here: handles are its 16-byte references, copied bit
// for bit.
#include "runtime/base/Json.h"

#include <algorithm>
#include <bit>
#include <functional>
#include <simdjson.h>

namespace dom = simdjson::dom;

namespace tenon {

struct JsonTree {
  dom::document document;
  std::string name;

  template <typename T> static T open(JsonValue::Handle handle) { return std::bit_cast<T>(handle); }
  template <typename T> static JsonValue::Handle close(const T &reference) {
    return std::bit_cast<JsonValue::Handle>(reference);
  }
  JsonValue value(dom::element element) const { return JsonValue(this, close(element)); }
};

namespace {

// Integers beyond 64 bits are valid JSON (Python writes 10**30 for "no limit" in tokenizer_config.json) but simdjson
// refuses them. Written with a fraction they become doubles, which is what nearly every reader makes of them.
std::string widenLongIntegers(std::string_view text) {
  constexpr size_t kLongestInt64 = 18; // digits that always fit
  std::string out;
  out.reserve(text.size() + 16);
  bool inString = false;
  for (size_t i = 0; i < text.size();) {
    char c = text[i];
    if (inString) {
      if (c == '\\' && i + 1 < text.size())
        out += text[i++];
      else if (c == '"')
        inString = false;
      out += text[i++];
      continue;
    }
    if (c < '0' || c > '9') {
      inString = c == '"';
      out += text[i++];
      continue;
    }
    size_t digits = i;
    while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9')
      ++digits;
    char before = i == 0 ? ' ' : text[i - 1];
    char after = digits == text.size() ? ' ' : text[digits];
    bool integer = before != '.' && before != 'e' && before != 'E' && before != '+' && after != '.' && after != 'e' &&
                   after != 'E';
    out.append(text, i, digits - i);
    if (integer && digits - i > kLongestInt64)
      out += ".0";
    i = digits;
  }
  return out;
}

// The first key of `object` that occurs twice, if any. Sorting by hash, then by bytes, keeps the worst case n log n
// even when an attacker makes the hashes collide.
struct HashedKey {
  size_t hash;
  std::string_view key;
  bool operator<(const HashedKey &other) const { return hash != other.hash ? hash < other.hash : key < other.key; }
};
std::optional<std::string_view> duplicateKey(dom::object object, std::vector<HashedKey> &scratch) {
  scratch.clear();
  for (auto field : object)
    scratch.push_back({std::hash<std::string_view>{}(field.key), field.key});
  std::sort(scratch.begin(), scratch.end());
  for (size_t i = 1; i < scratch.size(); ++i)
    if (scratch[i].hash == scratch[i - 1].hash && scratch[i].key == scratch[i - 1].key)
      return scratch[i].key;
  return std::nullopt;
}

// Depth-first over the tree (its depth is bounded by the parser).
Status checkNoDuplicates(const JsonTree &tree, dom::element element, std::vector<HashedKey> &scratch) {
  if (element.is_object()) {
    dom::object object;
    (void)element.get(object);
    if (auto key = duplicateKey(object, scratch))
      return tree.value(element).error("the key " + quoteForMessage(*key) + " occurs twice, expected each key once");
    for (auto field : object)
      TENON_TRY(checkNoDuplicates(tree, field.value, scratch));
  } else if (element.is_array()) {
    dom::array array;
    (void)element.get(array);
    for (dom::element child : array)
      TENON_TRY(checkNoDuplicates(tree, child, scratch));
  }
  return Status::ok();
}

simdjson::error_code parseInto(dom::document &document, std::string_view text, uint32_t maxDepth) {
  if (text.empty())
    return simdjson::EMPTY; // the parser would copy from a null pointer
  dom::parser parser;
  if (auto error = parser.allocate(std::max<size_t>(text.size(), 64), maxDepth))
    return error;
  return parser.parse_into_document(document, text.data(), text.size(), /*realloc_if_needed=*/true).error();
}

} // namespace

Result<JsonDocument> parseJson(std::string_view text, std::string name, JsonLimits limits) {
  if (text.size() > limits.maxBytes)
    return Status(Code::InvalidFile, name + ": " + std::to_string(text.size()) + " bytes of JSON, expected at most " +
                                         std::to_string(limits.maxBytes));
  auto tree = std::make_unique<JsonTree>();
  tree->name = std::move(name);
  auto error = parseInto(tree->document, text, limits.maxDepth);
  if (error == simdjson::NUMBER_ERROR)
    error = parseInto(tree->document, widenLongIntegers(text), limits.maxDepth);
  if (error == simdjson::MEMALLOC)
    return Status(Code::Resource,
                  tree->name + ": out of memory while reading " + std::to_string(text.size()) + " bytes of JSON");
  if (error == simdjson::DEPTH_ERROR)
    return Status(Code::InvalidFile,
                  tree->name + ": nested too deeply, expected at most " + std::to_string(limits.maxDepth) + " levels");
  if (error)
    return Status(Code::InvalidFile,
                  tree->name + ": expected JSON, but the text is damaged: " + simdjson::error_message(error));
  std::vector<HashedKey> scratch;
  TENON_TRY(checkNoDuplicates(*tree, tree->document.root(), scratch));
  return JsonDocument(std::move(tree));
}

JsonDocument::JsonDocument(std::unique_ptr<JsonTree> tree) : tree_(std::move(tree)) {}
JsonDocument::JsonDocument(JsonDocument &&) noexcept = default;
JsonDocument &JsonDocument::operator=(JsonDocument &&) noexcept = default;
JsonDocument::~JsonDocument() = default;
JsonValue JsonDocument::root() const { return tree_->value(tree_->document.root()); }
const std::string &JsonDocument::name() const { return tree_->name; }

const std::string &JsonValue::file() const { return tree_->name; }

JsonValue JsonValue::top() const { return tree_->value(tree_->document.root()); }

JsonKind JsonValue::kind() const {
  switch (JsonTree::open<dom::element>(handle_).type()) {
  case dom::element_type::ARRAY:
    return JsonKind::Array;
  case dom::element_type::OBJECT:
    return JsonKind::Object;
  case dom::element_type::INT64:
  case dom::element_type::UINT64:
    return JsonKind::Integer;
  case dom::element_type::DOUBLE:
    return JsonKind::Real;
  case dom::element_type::STRING:
    return JsonKind::String;
  case dom::element_type::BOOL:
    return JsonKind::Bool;
  case dom::element_type::NULL_VALUE:
    break;
  }
  return JsonKind::Null;
}

std::string JsonValue::integerText() const {
  auto element = JsonTree::open<dom::element>(handle_);
  uint64_t positive;
  if (!element.get(positive))
    return std::to_string(positive);
  int64_t value = 0;
  (void)element.get(value);
  return std::to_string(value);
}

Result<bool> JsonValue::boolean() const {
  bool value;
  if (JsonTree::open<dom::element>(handle_).get(value))
    return mismatch("true or false");
  return value;
}

Result<std::string_view> JsonValue::string() const {
  std::string_view value;
  if (JsonTree::open<dom::element>(handle_).get(value))
    return mismatch("a string");
  return value;
}

Result<int64_t> JsonValue::integer(int64_t min, int64_t max) const {
  int64_t value;
  if (JsonTree::open<dom::element>(handle_).is_int64() &&
      JsonTree::open<dom::element>(handle_).get(value) == simdjson::SUCCESS && value >= min && value <= max)
    return value;
  if (min == INT64_MIN && max == INT64_MAX)
    return mismatch("a whole number of at most 64 bits");
  if (max == INT64_MAX)
    return mismatch("a whole number of at least " + std::to_string(min));
  return mismatch("a whole number from " + std::to_string(min) + " to " + std::to_string(max));
}

Result<uint64_t> JsonValue::unsignedInteger() const {
  uint64_t value;
  if (kind() != JsonKind::Integer || JsonTree::open<dom::element>(handle_).get(value))
    return mismatch("a whole number of at least 0");
  return value;
}

Result<double> JsonValue::real() const {
  double value;
  if (JsonTree::open<dom::element>(handle_).get(value))
    return mismatch("a number");
  return value;
}

Result<JsonMembers> JsonValue::asObject() const {
  if (kind() != JsonKind::Object)
    return mismatch("an object");
  return members();
}

JsonMembers JsonValue::members() const {
  dom::object object;
  if (JsonTree::open<dom::element>(handle_).get(object))
    return JsonMembers({nullptr, {}}, {nullptr, {}});
  return JsonMembers({tree_, JsonTree::close(object.begin())}, {tree_, JsonTree::close(object.end())});
}

std::optional<JsonValue> JsonValue::find(std::string_view key) const {
  for (auto [name, value] : members())
    if (name == key)
      return value;
  return std::nullopt;
}

Result<JsonValue> JsonValue::member(std::string_view key) const {
  TENON_TRY(asObject().status());
  if (auto value = find(key))
    return *value;
  return error("expected the key " + quoteForMessage(key) + ", which is missing");
}

Result<JsonElements> JsonValue::asArray() const {
  if (kind() != JsonKind::Array)
    return mismatch("an array");
  return elements();
}

JsonElements JsonValue::elements() const {
  dom::array array;
  if (JsonTree::open<dom::element>(handle_).get(array))
    return JsonElements({nullptr, {}}, {nullptr, {}});
  return JsonElements({tree_, JsonTree::close(array.begin())}, {tree_, JsonTree::close(array.end())});
}

template <> JsonMember JsonMembers::Iterator::operator*() const {
  auto field = JsonTree::open<dom::object::iterator>(at_);
  return {field.key(), tree_->value(field.value())};
}
template <> JsonMembers::Iterator &JsonMembers::Iterator::operator++() {
  auto field = JsonTree::open<dom::object::iterator>(at_);
  at_ = JsonTree::close(++field);
  return *this;
}

template <> JsonValue JsonElements::Iterator::operator*() const {
  return tree_->value(*JsonTree::open<dom::array::iterator>(at_));
}
template <> JsonElements::Iterator &JsonElements::Iterator::operator++() {
  auto element = JsonTree::open<dom::array::iterator>(at_);
  at_ = JsonTree::close(++element);
  return *this;
}

Status JsonValue::mismatch(std::string_view expected, Code code) const {
  return error("expected " + std::string(expected) + ", got " + brief(), code);
}

Status JsonValue::error(std::string_view message, Code code) const {
  return Status(code, tree_->name + ": " + path() + ": " + std::string(message));
}

} // namespace tenon
