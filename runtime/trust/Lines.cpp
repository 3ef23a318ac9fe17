#include "runtime/trust/Lines.h"

#include "runtime/io/SystemError.h"
#include "runtime/trust/Ed25519.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

namespace tenon::trust {

static Status wrong(const std::string &where, const std::string &expected, const std::string &found) {
  return Status(Code::InvalidFile, where + ": expected " + expected + ", found " + found);
}

Status eachLine(std::string_view text, const std::string &name,
                const std::function<Status(std::string_view, const std::string &)> &take) {
  const std::string quoted = "'" + name + "'";
  if (text.empty())
    return wrong(quoted, "at least one line", "an empty file");
  if (text.size() > kMaxFileBytes)
    return wrong(quoted, "at most " + std::to_string(kMaxFileBytes) + " bytes", std::to_string(text.size()));
  for (size_t number = 1; !text.empty(); ++number) {
    const std::string where = quoted + ", line " + std::to_string(number);
    if (number > kMaxLines)
      return wrong(quoted, "at most " + std::to_string(kMaxLines) + " lines", "more");
    const size_t end = text.find('\n');
    if (end == std::string_view::npos)
      return wrong(where, "a line that ends with a line feed", "the end of the file");
    TENON_TRY(take(text.substr(0, end), where));
    text.remove_prefix(end + 1);
  }
  return Status::ok();
}

Status takePurpose(std::string_view &line, std::string_view purpose, const std::string &where) {
  if (line.starts_with(purpose) && line.size() > purpose.size() && line[purpose.size()] == ' ') {
    line.remove_prefix(purpose.size() + 1);
    return Status::ok();
  }
  std::string found = "something else";
  for (const char *known : {"tenon-public-key-1", "tenon-secret-key-1", "tenon-signature-1"})
    if (line.starts_with(std::string(known) + " ") && purpose != known)
      found = "'" + std::string(known) + "'";
  return wrong(where, "'" + std::string(purpose) + " ...'", found);
}

Status takeBase64(std::string_view &line, std::span<uint8_t> bytes, const char *what, const std::string &where) {
  const size_t length = (bytes.size() + 2) / 3 * 4;
  const auto refused = [&] {
    return wrong(where, std::string(what) + ": the base64 text of " + std::to_string(bytes.size()) + " bytes",
                 "something else");
  };
  if (line.size() < length)
    return refused();
  const std::string_view text = line.substr(0, length);
  size_t got = 0;
  const char *end = nullptr;
  if (sodium_base642bin(bytes.data(), bytes.size(), text.data(), text.size(), nullptr, &got, &end,
                        sodium_base64_VARIANT_ORIGINAL) != 0 ||
      got != bytes.size() || end != text.data() + text.size())
    return refused();
  std::string again = toBase64(bytes); // bits behind the last byte may be anything to the decoder
  const bool same = again == text;
  zero({again.data(), again.size()});
  if (!same)
    return refused();
  line.remove_prefix(length);
  return Status::ok();
}

Status takeSpace(std::string_view &line, const char *before, const std::string &where) {
  if (!line.starts_with(' '))
    return wrong(where, std::string("one space and ") + before,
                 line.empty() ? "the end of the line" : "something else");
  line.remove_prefix(1);
  return Status::ok();
}

bool isComment(std::string_view text) {
  return !text.empty() && text.size() <= kMaxCommentBytes && text.front() != ' ' && text.back() != ' ' &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

Result<std::string> takeComment(std::string_view line, const std::string &where) {
  if (line.empty())
    return std::string();
  if (line.front() != ' ' || !isComment(line.substr(1)))
    return wrong(where,
                 "the end of the line, or one space and a comment of 1 to " + std::to_string(kMaxCommentBytes) +
                     " printable ASCII characters",
                 "something else");
  return std::string(line.substr(1));
}

std::string toBase64(std::span<const uint8_t> bytes) {
  std::string text(sodium_base64_encoded_len(bytes.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
  sodium_bin2base64(text.data(), text.size(), bytes.data(), bytes.size(), sodium_base64_VARIANT_ORIGINAL);
  text.pop_back(); // its terminating zero
  return text;
}

// The mode alone: it says whether somebody else could have read the key since it was made.
static Status checkSecrecy(const struct stat &info, const std::string &path) {
  if ((info.st_mode & 077) == 0)
    return Status::ok();
  char mode[8] = {'0', static_cast<char>('0' + (info.st_mode >> 6 & 7)),
                  static_cast<char>('0' + (info.st_mode >> 3 & 7)), static_cast<char>('0' + (info.st_mode & 7))};
  return Status(Code::Usage,
                "'" + path + "': a secret key that only its owner may use: expected mode 0600, found " + mode +
                    "\n  make a new key (tenon keygen) if others could read it; otherwise: chmod 600 " + path);
}

static Result<std::string_view> readAll(int fd, const std::string &path, Secrecy secrecy, std::span<char> buffer) {
  struct stat info;
  if (fstat(fd, &info) != 0)
    return io::systemError("read", path, errno);
  if (!S_ISREG(info.st_mode))
    return Status(Code::InvalidFile, "'" + path + "': expected a regular file");
  if (secrecy == Secrecy::Secret)
    TENON_TRY(checkSecrecy(info, path));
  size_t size = 0;
  while (size < buffer.size()) {
    const ssize_t got = read(fd, buffer.data() + size, buffer.size() - size);
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return io::systemError("read", path, errno);
    if (got == 0)
      return std::string_view(buffer.data(), size);
    size += static_cast<size_t>(got);
  }
  return Status(Code::InvalidFile, "'" + path + "': expected fewer than " + std::to_string(buffer.size()) + " bytes");
}

Result<std::string_view> readWhole(const std::string &path, Secrecy secrecy, std::span<char> buffer) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0)
    return io::systemError("open", path, errno);
  Result<std::string_view> text = readAll(fd, path, secrecy, buffer);
  close(fd);
  return text;
}

} // namespace tenon::trust
