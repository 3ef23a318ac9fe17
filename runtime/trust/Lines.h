// The lines that key and signature files are made of: words separated by one space, ended by '\n'.
// Private to runtime/trust.
#pragma once

#include "runtime/base/Status.h"

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace tenon::trust {

inline constexpr size_t kMaxFileBytes = 256 << 10;
inline constexpr size_t kMaxLines = 1024;
inline constexpr size_t kMaxCommentBytes = 128;

// Calls `take` with each line, without its end, and with its place in words ("'ring.pub', line 2"). InvalidFile when
// the text is empty, too long, has too many lines or does not end with '\n'.
Status eachLine(std::string_view text, const std::string &name,
                const std::function<Status(std::string_view line, const std::string &where)> &take);

// Takes `purpose` and the space behind it off the line. The message names what was found only when it is a known
// purpose: a secret must not end in a log.
Status takePurpose(std::string_view &line, std::string_view purpose, const std::string &where);

// Takes the base64 text of exactly bytes.size() bytes off the line. Canonical only.
Status takeBase64(std::string_view &line, std::span<uint8_t> bytes, const char *what, const std::string &where);

// Takes the space between two words.
Status takeSpace(std::string_view &line, const char *before, const std::string &where);

// The rest of the line: nothing, or a space and a comment.
Result<std::string> takeComment(std::string_view line, const std::string &where);
bool isComment(std::string_view text);

std::string toBase64(std::span<const uint8_t> bytes);

enum class Secrecy { Open, Secret };
// All of a regular file of at most kMaxFileBytes, into `buffer`. A secret one may be read by nobody but its owner.
Result<std::string_view> readWhole(const std::string &path, Secrecy secrecy, std::span<char> buffer);

} // namespace tenon::trust
