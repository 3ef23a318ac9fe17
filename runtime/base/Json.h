// Untrusted JSON, read in one place.
//
// parseJson accepts exactly RFC 8259 JSON in UTF-8, within a size and a depth limit, and refuses an object that names
// one key twice: two readers of such a file may see two different models. Everything after that is a typed view whose
// errors say which file, which path inside it, what was expected and what stood there:
//   config.json: num_hidden_layers: expected a whole number from 1 to 4096, got "thirty-two"
//
// A JsonValue is a small handle into its JsonDocument and must not outlive it; string_views point into the document
// too. The document may be moved; handles stay good. Threads: reading is safe from any number of threads. Cost: parsing
// is linear but for the duplicate check (a sort of the keys of each object); `find` scans the object, so walk
// `members()` where objects are large. Paths are worked out only when an error is made.
#pragma once

#include "runtime/base/Status.h"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tenon {

struct JsonLimits {
  uint64_t maxBytes = 64ull << 20;
  uint32_t maxDepth = 64; // nested arrays and objects
};

enum class JsonKind { Null, Bool, Integer, Real, String, Array, Object };

class JsonValue;
struct JsonMember;
template <typename Item> class JsonSequence;
using JsonMembers = JsonSequence<JsonMember>; // of an object, in file order: for (auto [key, value] : object.members())
using JsonElements = JsonSequence<JsonValue>; // of an array, in order
struct JsonTree;                              // the parsed text; defined in Json.cpp

class JsonDocument {
public:
  JsonDocument(JsonDocument &&) noexcept;
  JsonDocument &operator=(JsonDocument &&) noexcept;
  ~JsonDocument();

  // The value at the top level; valid as long as this document, or the one it was moved into, lives.
  JsonValue root() const;
  // What messages call the source.
  const std::string &name() const;

private:
  friend Result<JsonDocument> parseJson(std::string_view, std::string, JsonLimits);
  explicit JsonDocument(std::unique_ptr<JsonTree> tree);
  std::unique_ptr<JsonTree> tree_;
};

// Parses all of `text` (copied; it need not stay). `name` is how messages call the source, usually the file's name.
// Fails with InvalidFile, or Resource when memory runs out.
Result<JsonDocument> parseJson(std::string_view text, std::string name, JsonLimits limits = {});

class JsonValue {
public:
  JsonKind kind() const;
  bool isNull() const { return kind() == JsonKind::Null; }

  // Typed access. Each fails with InvalidFile "FILE: PATH: expected ..., got ...".
  Result<bool> boolean() const;
  Result<std::string_view> string() const; // valid UTF-8, may hold NUL
  // A number written without fraction or exponent and within [min, max].
  Result<int64_t> integer(int64_t min = INT64_MIN, int64_t max = INT64_MAX) const;
  Result<uint64_t> unsignedInteger() const; // 0 to 2^64 - 1
  // Any number; always finite.
  Result<double> real() const;

  // Objects. On anything else `members` and `find` see an empty object; use `asObject` to insist.
  Result<JsonMembers> asObject() const;
  JsonMembers members() const;
  std::optional<JsonValue> find(std::string_view key) const;
  Result<JsonValue> member(std::string_view key) const; // an error where the key is missing

  // Arrays. On anything else `elements` is empty; use `asArray` to insist.
  Result<JsonElements> asArray() const;
  JsonElements elements() const;

  // The document's name.
  const std::string &file() const;
  // Where this value stands: "rope_scaling.factor", "layers[3].name", or "top level". Walks the document.
  std::string path() const;
  // The value for a message: on one line, at most about 60 bytes, control characters escaped.
  std::string brief() const;
  // The error "FILE: PATH: expected WHAT, got BRIEF".
  Status mismatch(std::string_view expected, Code code = Code::InvalidFile) const;
  // The error "FILE: PATH: MESSAGE".
  Status error(std::string_view message, Code code = Code::InvalidFile) const;

private:
  friend class JsonDocument;
  template <typename Item> friend class JsonSequence;
  friend struct JsonTree;
  using Handle = std::array<uint64_t, 2>; // the parser's own reference to a value
  JsonValue top() const;
  std::string integerText() const;
  static bool findPath(const JsonValue &at, const Handle &wanted, std::vector<std::string> &path, bool top);
  JsonValue(const JsonTree *tree, Handle handle) : tree_(tree), handle_(handle) {}
  const JsonTree *tree_;
  Handle handle_;
};

struct JsonMember {
  std::string_view key;
  JsonValue value;
};

template <typename Item> class JsonSequence {
public:
  class Iterator {
  public:
    Item operator*() const;
    Iterator &operator++();
    bool operator!=(const Iterator &other) const { return at_ != other.at_; }

  private:
    friend class JsonValue;
    Iterator(const JsonTree *tree, JsonValue::Handle at) : tree_(tree), at_(at) {}
    const JsonTree *tree_;
    JsonValue::Handle at_;
  };
  Iterator begin() const { return begin_; }
  Iterator end() const { return end_; }

private:
  friend class JsonValue;
  JsonSequence(Iterator begin, Iterator end) : begin_(begin), end_(end) {}
  Iterator begin_, end_;
};
template <> JsonMember JsonMembers::Iterator::operator*() const;
template <> JsonMembers::Iterator &JsonMembers::Iterator::operator++();
template <> JsonValue JsonElements::Iterator::operator*() const;
template <> JsonElements::Iterator &JsonElements::Iterator::operator++();

// `text` in double quotes for a message: one line, control characters and quotes escaped, cut after `maxBytes` bytes at
// a character boundary. Input need not be valid UTF-8 (bad bytes are escaped), so it also serves names from other
// formats.
std::string quoteForMessage(std::string_view text, size_t maxBytes = 60);

} // namespace tenon
