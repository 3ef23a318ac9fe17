// Status and Result<T>: how the runtime reports failure. No exceptions, no errno left behind.
//
// A Status carries a code (the C API's tenon_status values, the CLI's exit codes map from them) and one message that
// says what failed, where, what was expected, what was found and what to do. Both types are [[nodiscard]]. Threads:
// value types, no sharing. Ownership: the message is owned.
#pragma once

#include <cassert>
#include <optional>
#include <string>
#include <utility>

namespace tenon {

// The documented exit codes of the command line are these values (docs/cli.md).
enum class Code : int {
  Ok = 0,
  Internal = 1,    // an invariant of ours is broken
  Usage = 2,       // the caller asked for something that has no meaning
  Unsupported = 3, // a model, op or tokenizer kind that Tenon does not know
  InvalidFile = 4, // an input file is damaged or contradicts itself
  Constraint = 5,  // shape, parallel degree or memory bound not met
  HostUnfit = 6,   // the engine needs what this machine lacks
  Integrity = 7,   // digest or signature does not match
  NotCached = 8,   // --require-hit, and the artifact cache has no such engine
  Resource = 10,   // disk full, out of memory, I/O failed
};

class [[nodiscard]] Status {
public:
  Status() = default;
  Status(Code code, std::string message) : code_(code), message_(std::move(message)) {
    assert(code != Code::Ok && "an error needs a code");
  }
  static Status ok() { return Status(); }

  bool isOk() const { return code_ == Code::Ok; }
  Code code() const { return code_; }
  const std::string &message() const { return message_; }

  // The same failure, seen from further out: "context: message".
  Status within(const std::string &context) && {
    if (!isOk())
      message_ = context + ": " + message_;
    return std::move(*this);
  }

private:
  Code code_ = Code::Ok;
  std::string message_;
};

template <typename T> class [[nodiscard]] Result {
public:
  Result(T value) : value_(std::move(value)) {}
  Result(Status status) : status_(std::move(status)) {
    assert(!status_.isOk() && "a Result without value needs an error");
  }

  bool isOk() const { return value_.has_value(); }
  const Status &status() const & { return status_; }
  Status status() && { return std::move(status_); }
  T &operator*() & { return *value_; }
  const T &operator*() const & { return *value_; }
  T &&operator*() && { return std::move(*value_); }
  T *operator->() { return &*value_; }
  const T *operator->() const { return &*value_; }

private:
  std::optional<T> value_;
  Status status_;
};

} // namespace tenon

// Returns the failed Status (or Result's Status) of `expression` to the caller.
#define TENON_TRY(expression)                                                                                          \
  do {                                                                                                                 \
    if (::tenon::Status tenonStatus = (expression); !tenonStatus.isOk())                                               \
      return tenonStatus;                                                                                              \
  } while (0)

#define TENON_CONCAT_INNER(a, b) a##b
#define TENON_CONCAT(a, b) TENON_CONCAT_INNER(a, b)
// `TENON_ASSIGN(auto x, f())`: x is f()'s value, or the caller returns f()'s Status.
#define TENON_ASSIGN(declaration, expression)                                                                          \
  TENON_ASSIGN_IMPL(TENON_CONCAT(tenonResult, __LINE__), declaration, expression)
#define TENON_ASSIGN_IMPL(result, declaration, expression)                                                             \
  auto result = (expression);                                                                                          \
  if (!result.isOk())                                                                                                  \
    return std::move(result).status();                                                                                 \
  declaration = *std::move(result)
