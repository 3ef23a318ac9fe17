#include "compiler/cache/remote/Transport.h"

#include <algorithm>
#include <string_view>

namespace tenon::cache {
namespace {

struct Scheme {
  std::string_view prefix;
  Result<std::unique_ptr<Transport>> (*open)(const std::string &url, Patience &patience);
};

constexpr Scheme kSchemes[] = {
    {"file:///", openFileRemote},
    {"http://", openHttpRemote},
    {"https://", openHttpRemote},
};

} // namespace

std::string maskUrl(const std::string &url) {
  const size_t scheme = url.find("://");
  if (scheme == std::string::npos)
    return url;
  const size_t host = scheme + 3, end = url.find_first_of("/?#", host);
  const size_t at = url.substr(0, end).rfind('@');
  return at == std::string::npos || at < host ? url : url.substr(0, host) + "***" + url.substr(at);
}

Result<std::unique_ptr<Transport>> openTransport(const std::string &url, Patience &patience) {
  auto refused = [&](const std::string &why) {
    return Status(Code::Usage, "--cache-remote " + maskUrl(url) + ": " + why +
                                   "; expected file:///DIR, http://HOST/PREFIX or https://HOST/PREFIX");
  };
  if (std::any_of(url.begin(), url.end(), [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7F; }))
    return Status(Code::Usage, "--cache-remote: the URL holds spaces or control characters");
  if (url.find_first_of("?#") != std::string::npos)
    return refused("names are added to its end, so it can have no query and no fragment");
  for (const Scheme &scheme : kSchemes)
    if (url.starts_with(scheme.prefix) && url.size() > scheme.prefix.size()) {
      const size_t last = url.find_last_not_of('/');
      return scheme.open(url.substr(0, last + 1), patience);
    }
  return refused("not a remote that Tenon knows");
}

} // namespace tenon::cache
