// Key files on the disk.
#include "runtime/io/SystemError.h"
#include "runtime/trust/Keys.h"
#include "runtime/trust/Lines.h"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace tenon::trust {

Result<SecretKey> readSecretKey(const std::string &path) {
  std::array<char, 512> buffer{}; // longer than any secret key file
  Result<SecretKey> key = [&]() -> Result<SecretKey> {
    TENON_ASSIGN(const std::string_view text, readWhole(path, Secrecy::Secret, buffer));
    return parseSecretKey(text, path);
  }();
  zero(buffer);
  return key;
}

Result<PublicKeys> readPublicKeys(const std::string &path) {
  std::string buffer(kMaxFileBytes + 1, '\0');
  TENON_ASSIGN(const std::string_view text, readWhole(path, Secrecy::Open, buffer));
  return parsePublicKeys(text, path);
}

static Status writeAll(int fd, std::string_view text, const std::string &path) {
  while (!text.empty()) {
    const ssize_t put = write(fd, text.data(), text.size());
    if (put < 0 && errno == EINTR)
      continue;
    if (put < 0)
      return io::systemError("write", path, errno);
    text.remove_prefix(static_cast<size_t>(put));
  }
  return fsync(fd) == 0 ? Status::ok() : io::systemError("flush", path, errno);
}

// A file that did not exist before; on an error it does not exist afterwards.
static Status writeNew(const std::string &path, std::string_view text, mode_t mode) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
  if (fd < 0 && errno == EEXIST)
    return Status(Code::Usage,
                  "'" + path + "' exists, and a key is never overwritten\n  give another name, or move it away");
  if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
    return Status(Code::Usage,
                  "cannot create '" + path + "': expected a folder that exists\n  make it first, or give another name");
  if (fd < 0)
    return io::systemError("create", path, errno);
  Status status = writeAll(fd, text, path);
  if (close(fd) != 0 && status.isOk())
    status = io::systemError("write", path, errno);
  if (!status.isOk())
    unlink(path.c_str());
  return status;
}

Status writeKeyPair(const SecretKey &key, const std::string &secretPath, const std::string &publicPath) {
  TENON_TRY(writeNew(publicPath, formatPublicKey(key.publicKey()), 0644));
  std::string encoded = toBase64(key.seed.bytes());
  std::string text;
  text.reserve(512); // so that no copy of the secret is left behind by growing
  text.append("tenon-secret-key-1 ").append(encoded);
  if (!key.comment.empty())
    text.append(" ").append(key.comment);
  text.append("\n");
  Status status = writeNew(secretPath, text, 0600);
  zero({encoded.data(), encoded.size()});
  zero({text.data(), text.size()});
  if (!status.isOk())
    unlink(publicPath.c_str());
  return status;
}

} // namespace tenon::trust
