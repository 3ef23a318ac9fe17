// Reads the numbers and strings of a GGUF header one after the other, never past the end.
// Ownership: views into the file's bytes, which must outlive the cursor. Little-endian hosts only, as all of Tenon.
#pragma once

#include "runtime/base/Json.h"
#include "runtime/base/Status.h"
#include "runtime/base/Utf8.h"

#include <cstring>
#include <span>
#include <string>
#include <string_view>

namespace tenon {

class GgufCursor {
public:
  // A header ends here, as one of safetensors does: the largest vocabularies known (262144 tokens, 515000 merges) take
  // some 20 MB. Strings and skips are held to it before their bytes are touched; a number may end just behind it.
  static constexpr uint64_t kMaxHeader = 100'000'000;

  GgufCursor(std::span<const uint8_t> bytes, const std::string &file, uint64_t at = 0)
      : bytes_(bytes), file_(file), at_(at) {}

  uint64_t at() const { return at_; }
  uint64_t left() const { return bytes_.size() - at_; }

  // `what` names the number in a message.
  template <typename T> Result<T> number(std::string_view what) {
    if (left() < sizeof(T))
      return cutOff(what, sizeof(T));
    T value;
    std::memcpy(&value, bytes_.data() + at_, sizeof(T));
    at_ += sizeof(T);
    return value;
  }

  // A length and that many bytes of UTF-8.
  Result<std::string_view> string(std::string_view what) {
    const uint64_t start = at_;
    TENON_ASSIGN(const uint64_t length, number<uint64_t>(what));
    if (length > left()) {
      at_ = start;
      return error(std::string(what) + " has " + std::to_string(length) + " bytes, but only " +
                   std::to_string(bytes_.size() - start - 8) +
                   " follow; the file is cut off or damaged: fetch it again");
    }
    if (length > kMaxHeader || at_ + length > kMaxHeader) {
      at_ = start;
      return tooLong(what);
    }
    std::string_view text(reinterpret_cast<const char *>(bytes_.data()) + at_, static_cast<size_t>(length));
    if (!isUtf8(text)) {
      at_ = start;
      return error(std::string(what) + ": expected UTF-8, got " + quoteForMessage(text));
    }
    at_ += length;
    return text;
  }

  // Passes over `size` bytes, of which there must be so many.
  Status skip(uint64_t size, std::string_view what) {
    if (size > left())
      return cutOff(what, size);
    if (size > kMaxHeader || at_ + size > kMaxHeader)
      return tooLong(what);
    at_ += size;
    return Status::ok();
  }

  // "FILE: byte N: MESSAGE"
  Status error(const std::string &message, Code code = Code::InvalidFile) const { return errorAt(at_, message, code); }
  Status errorAt(uint64_t at, const std::string &message, Code code = Code::InvalidFile) const {
    return Status(code, file_ + ": byte " + std::to_string(at) + ": " + message);
  }

private:
  Status tooLong(std::string_view what) const {
    return error(std::string(what) + " ends behind byte " + std::to_string(kMaxHeader) +
                 ", the most that a header may have; the file is damaged: fetch it again");
  }
  Status cutOff(std::string_view what, uint64_t size) const {
    return error(std::string(what) + " needs " + std::to_string(size) + " bytes, but only " + std::to_string(left()) +
                 " follow; the file is cut off or damaged: fetch it again");
  }

  std::span<const uint8_t> bytes_;
  const std::string &file_;
  uint64_t at_;
};

} // namespace tenon
