// Reads the small text files through which the kernel answers questions (/proc, /sys).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tenon::io {

// The content of `path`, at most `limit` bytes of it; nothing when it cannot be opened or read. Such files report size
// 0 and may not be mapped. Errors are not told apart: absence is an answer. Threads: safe.
std::optional<std::string> readSmallFile(const std::string &path, size_t limit = 1 << 20);

// `text` without white space at both ends.
std::string_view trimmed(std::string_view text);

// All of `text`, trimmed, as an unsigned decimal number; nothing when it is not one or does not fit.
std::optional<uint64_t> parseNumber(std::string_view text);

// The number in the first line of `text` that starts with `key` ("VmHWM:   123 kB" -> 123), whatever follows it.
std::optional<uint64_t> numberAfter(std::string_view text, std::string_view key);

} // namespace tenon::io
