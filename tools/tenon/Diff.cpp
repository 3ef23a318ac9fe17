// tenon diff: in what two engines differ.
#include "tools/tenon/EngineDiff.h"
#include "tools/tenon/Verbs.h"
#include "tools/tenon/WholeEngine.h"

#include <CLI/CLI.hpp>
#include <cstdio>

namespace tenon::cli {
namespace {

class DiffVerb final : public Verb {
public:
  const char *name() const override { return "diff"; }
  const char *summary() const override { return "Say in words how two engines differ"; }
  const char *examples() const override {
    return "  tenon diff a.tenon b.tenon          # ends with 0 when they are the same, with 7 when not\n"
           "  tenon diff a.tenon b.tenon --json\n";
  }
  void declare(CLI::App &app) override {
    app.add_option("first", first_, "Engine file")->required();
    app.add_option("second", second_, "Engine file")->required();
    app.add_flag("--json", json_, "One JSON object on stdout");
  }

  Status run(Terminal &) override {
    TENON_ASSIGN(EngineFile first, EngineFile::open(first_));
    TENON_ASSIGN(EngineFile second, EngineFile::open(second_));
    // Engines are compared by their digests; those of a damaged file say what it was.
    TENON_TRY(checkWholeEngine(first));
    TENON_TRY(checkWholeEngine(second));
    const std::vector<Difference> differences = diffEngines(first, second);
    if (json_) {
      JsonWriter json;
      json.beginObject().field("schema_version", 1).field("same", differences.empty());
      writeDifferences(json, differences);
      std::printf("%s\n", json.endObject().text().c_str());
    } else {
      for (const Difference &difference : differences)
        std::printf("%s\n", textOf(difference).c_str());
    }
    if (differences.empty())
      return Status::ok();
    return Status(Code::Integrity, "'" + first_ + "' and '" + second_ + "' differ");
  }

private:
  std::string first_, second_;
  bool json_ = false;
};

} // namespace

std::unique_ptr<Verb> makeDiffVerb() { return std::make_unique<DiffVerb>(); }

} // namespace tenon::cli
