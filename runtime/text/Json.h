// JSON from files that nobody vouches for: a node knows its place in the document, so that every complaint names it.
//
// Refused while parsing (Code::InvalidFile): what is not JSON or not UTF-8, keys that repeat within an object, nesting
// deeper than maxJsonDepth, documents longer than maxJsonBytes. Ownership: nodes and the views they give borrow from
// their document.
#pragma once

#include "runtime/base/Status.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <simdjson.h>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::text {

inline constexpr size_t maxJsonDepth = 64;
inline constexpr size_t maxJsonBytes = size_t(256) << 20;

class JsonNode {
public:
  JsonNode(simdjson::dom::element element, std::string path) : element_(element), path_(std::move(path)) {}

  // The document's name and the path within it, as in `tokenizer.json: $.model.vocab`.
  const std::string &path() const { return path_; }
  simdjson::dom::element element() const { return element_; }

  bool isNull() const { return element_.is_null(); }
  bool isString() const { return element_.is_string(); }
  bool isObject() const { return element_.is_object(); }
  bool isArray() const { return element_.is_array(); }

  Result<bool> asBool() const;
  Result<int64_t> asInteger() const;
  Result<double> asNumber() const;
  Result<std::string_view> asString() const;
  Result<simdjson::dom::array> asArray() const;
  Result<simdjson::dom::object> asObject() const;
  // The elements of an array, each with its path.
  Result<std::vector<JsonNode>> items() const;

  // A member of an object. find(): nothing when the key is absent or its value is null.
  Result<JsonNode> member(std::string_view key) const;
  std::optional<JsonNode> find(std::string_view key) const;
  bool has(std::string_view key) const;
  Result<bool> boolOr(std::string_view key, bool otherwise) const;
  Result<bool> boolean(std::string_view key) const;
  Result<std::string_view> string(std::string_view key) const;

  // What to say of this node: "PATH: expected EXPECTED, got GOT".
  Status invalid(std::string_view expected, std::string_view got) const;
  Status unsupported(std::string_view what) const;
  // A short description of the value for messages: its type, or the value itself where that is short.
  std::string describe() const;

private:
  simdjson::dom::element element_;
  std::string path_;
};

class JsonDocument {
public:
  // `name` stands in messages. The keys of the object at `uncheckedPath` (".model.vocab") are left for the caller, who
  // puts them into a table that finds repeats anyway.
  static Result<std::unique_ptr<JsonDocument>> parse(std::string_view json, std::string_view name,
                                                     std::string_view uncheckedPath = {});
  const JsonNode &root() const { return *root_; }

private:
  simdjson::dom::parser parser_;
  std::optional<JsonNode> root_;
};

// `text` in quotes for a message, cut where it is long, with control characters escaped.
std::string inQuotes(std::string_view text);

} // namespace tenon::text
