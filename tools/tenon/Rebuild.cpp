#include "tools/tenon/Rebuild.h"

#include "runtime/engine/CompileRecipe.h"
#include "runtime/io/SystemError.h"
#include "tools/tenon/CompilerProgram.h"
#include "tools/tenon/WholeEngine.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <stdlib.h>

namespace tenon::cli {
namespace {

class TemporaryFolder {
public:
  static Result<TemporaryFolder> create() {
    const char *parent = std::getenv("TMPDIR");
    std::string path = std::string(parent && *parent ? parent : "/tmp") + "/tenon-rebuild-XXXXXX";
    if (!mkdtemp(path.data()))
      return io::systemError("create a folder like", path, errno);
    return TemporaryFolder(std::move(path));
  }
  TemporaryFolder(TemporaryFolder &&other) noexcept : path_(std::exchange(other.path_, {})) {}
  TemporaryFolder &operator=(TemporaryFolder &&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    if (!path_.empty())
      std::filesystem::remove_all(path_, ignored);
  }
  std::string file(const char *name) const { return path_ + "/" + name; }

private:
  explicit TemporaryFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

bool sameBytes(const std::string &a, const std::string &b, Status &status) {
  auto left = io::MappedFile::open(a), right = io::MappedFile::open(b);
  if (!left.isOk() || !right.isOk()) {
    status = left.isOk() ? right.status() : left.status();
    return false;
  }
  return std::ranges::equal(left->bytes(), right->bytes());
}

} // namespace

Result<std::vector<Difference>> rebuildAndCompare(const EngineFile &file, const std::string &model,
                                                  Terminal &terminal) {
  auto read = recipeOf(file.metadata());
  if (!read.isOk())
    return std::move(read).status().within(file.path());
  const std::vector<std::string> options = read->arguments();
  TENON_ASSIGN(const TemporaryFolder folder, TemporaryFolder::create());
  const std::string path = folder.file("rebuilt.tenon");
  std::vector<std::string> arguments = {"compile", model, "-o", path, "--cache=off", "--quiet"};
  arguments.insert(arguments.end(), options.begin(), options.end());
  terminal.note("compiling " + model + " again: " + shellText(options));
  TENON_TRY(runCompilerAndWait("--rebuild", arguments));
  TENON_ASSIGN(EngineFile rebuilt, EngineFile::open(path));
  TENON_TRY(checkWholeEngine(rebuilt)); // external weights, too, are what their digests say, on both sides
  std::vector<Difference> differences = diffEngines(file, rebuilt);
  Status status;
  if (differences.empty() && !sameBytes(file.path(), path, status)) {
    TENON_TRY(status);
    differences.push_back({"file", "bytes", "those of the file", "others, that no digest covers"});
  }
  const bool wordless = std::ranges::none_of(differences, [](const Difference &d) {
    return d.part == "compiler" || d.part == "option" || d.part == "key" || d.part == "config" || d.part == "weight" ||
           d.part == "document";
  });
  if (!differences.empty() && wordless)
    differences.insert(differences.begin(),
                       {"compiler", "build", "another build of the same sources, or other libraries", "this one"});
  return differences;
}

} // namespace tenon::cli
