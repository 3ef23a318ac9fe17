#include "runtime/io/SmallFile.h"

#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <unistd.h>

namespace tenon::io {

std::optional<std::string> readSmallFile(const std::string &path, size_t limit) {
  int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0)
    return std::nullopt;
  std::string content;
  char buffer[4096];
  bool good = true;
  while (content.size() < limit) {
    ssize_t got = read(fd, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR)
      continue;
    good = got >= 0;
    if (got <= 0)
      break;
    content.append(buffer, static_cast<size_t>(got));
  }
  close(fd);
  if (!good)
    return std::nullopt;
  if (content.size() > limit)
    content.resize(limit);
  return content;
}

static bool isSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\0'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && isSpace(text.front()))
    text.remove_prefix(1);
  while (!text.empty() && isSpace(text.back()))
    text.remove_suffix(1);
  return text;
}

std::optional<uint64_t> parseNumber(std::string_view text) {
  text = trimmed(text);
  uint64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size())
    return std::nullopt;
  return value;
}

std::optional<uint64_t> numberAfter(std::string_view text, std::string_view key) {
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (!line.starts_with(key))
      continue;
    line = trimmed(line.substr(key.size()));
    return parseNumber(line.substr(0, line.find_first_not_of("0123456789")));
  }
  return std::nullopt;
}

} // namespace tenon::io
