#include "tools/tenon-compiler/RemoteFlags.h"

#include "runtime/base/Cores.h"

#include <algorithm>

namespace tenon::cli {

void RemoteFlags::declare(CLI::App &app) {
  const CLI::Validator given(
      [](const std::string &value) {
        return value.empty() ? std::string("expected a name, found nothing; leave the option out for none") : "";
      },
      "");
  auto *url = app.add_option("--cache-remote", url_, "A cache that machines share: file:///DIR, http(s)://HOST/PREFIX")
                  ->type_name("URL")
                  ->check(given);
  app.add_option("--cache-remote-key", key_,
                 "Sign with this secret key what is put there, and take only what it (or a trusted one) has signed")
      ->type_name("FILE")
      ->check(given)
      ->needs(url);
  app.add_option("--cache-remote-trust", trust_, "Take from there only what one of these public keys has signed")
      ->type_name("FILE")
      ->check(given)
      ->needs(url);
  app.add_option("--cache-remote-timeout", timeout_,
                 "What a compilation may wait for it, beyond the time of its bytes at 1 MiB/s")
      ->default_str("10")
      ->type_name("SECONDS");
}

Result<cache::RemoteOptions> RemoteFlags::options() const {
  constexpr double kLongest = 7 * 24 * 3600;
  if (!(timeout_ > 0 && timeout_ <= kLongest))
    return Status(Code::Usage, "--cache-remote-timeout: expected more than 0 and at most 604800 seconds");
  cache::RemoteOptions options;
  options.url = url_;
  options.signingKey = key_;
  options.trustedKeys = trust_;
  options.timeout = std::chrono::milliseconds(std::max<int64_t>(1, static_cast<int64_t>(timeout_ * 1000)));
  options.threads = coreCount();
  return options;
}

Status RemoteFlags::read(CompileOptions &compile) const {
  TENON_ASSIGN(const cache::RemoteOptions remote, options());
  compile.cacheRemote = remote.url;
  compile.cacheRemoteKey = remote.signingKey;
  compile.cacheRemoteTrust = remote.trustedKeys;
  compile.cacheRemoteTimeout = static_cast<uint64_t>(remote.timeout.count());
  return Status::ok();
}

} // namespace tenon::cli
