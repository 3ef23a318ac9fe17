#include "compiler/cache/LinkRule.h"

#include "runtime/io/SmallFile.h"

#include <charconv>
#include <sys/stat.h>
#include <unistd.h>

namespace tenon::cache {

static bool ignoresFileModes() {
  constexpr unsigned kDacOverride = 1; // linux/capability.h
  const auto status = io::readSmallFile("/proc/self/status");
  const size_t at = status ? status->find("\nCapEff:") : std::string::npos;
  if (geteuid() == 0 || at == std::string::npos)
    return true;
  const std::string_view digits = io::trimmed(std::string_view(*status).substr(at + 8, 18));
  uint64_t capabilities = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), capabilities, 16);
  return error != std::errc() || (capabilities >> kDacOverride & 1) != 0;
}

bool mayHardLink(int descriptor) {
  struct stat info;
  return fstat(descriptor, &info) == 0 && info.st_uid == geteuid() &&
         (info.st_mode & (S_IWUSR | S_IWGRP | S_IWOTH)) == 0 && !ignoresFileModes();
}

} // namespace tenon::cache
