// Names a place in the metadata ("ranks[0].variants[1].kv_bytes") without making a string until an error needs one.
// A Where lives on the stack and points at the one around it.
#pragma once

#include "runtime/base/Status.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace tenon {

class Where {
public:
  Where(const char *name, const Where *outer = nullptr) : outer_(outer), name_(name) {}
  Where(const char *name, uint64_t index, const Where *outer = nullptr)
      : outer_(outer), name_(name), index_(index), indexed_(true) {}

  Where field(const char *name) const { return Where(name, this); }
  Where element(const char *name, uint64_t index) const { return Where(name, index, this); }

  std::string str() const {
    std::string text = outer_ ? outer_->str() + "." : std::string();
    text += name_;
    if (indexed_)
      text += "[" + std::to_string(index_) + "]";
    return text;
  }

private:
  const Where *outer_;
  const char *name_;
  uint64_t index_ = 0;
  bool indexed_ = false;
};

// The metadata contradicts itself or the file: InvalidFile.
inline Status contradiction(const Where &at, std::string_view expected, std::string_view found) {
  return Status(Code::InvalidFile, at.str() + ": expected " + std::string(expected) + ", found " + std::string(found));
}
inline Status contradiction(const Where &at, std::string_view expected, uint64_t found) {
  return contradiction(at, expected, std::to_string(found));
}

// Names from the file go into messages in quotes, without control characters and not longer than a line.
std::string quoted(std::string_view name);

// InvalidFile unless the name has 1 to 1024 bytes: longer ones would make messages and comparisons costly.
Status checkName(const Where &at, std::string_view name);

// InvalidFile unless low <= value <= high.
Status checkBetween(const Where &at, uint64_t value, uint64_t low, uint64_t high);

} // namespace tenon
