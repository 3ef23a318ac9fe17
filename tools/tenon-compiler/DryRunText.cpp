#include "tools/tenon-compiler/DryRunText.h"

#include "runtime/base/Printable.h"
#include "tools/tenon-compiler/PlanText.h"

namespace tenon::cli {
namespace {

std::string listText(const char *name, const std::vector<std::string> &files) {
  std::string text = std::string(name) + "\n";
  for (const std::string &file : files)
    text += "  " + printable(file) + "\n";
  return text;
}

void addList(JsonWriter &json, const char *name, const std::vector<std::string> &files) {
  json.key(name).beginArray();
  for (const std::string &file : files)
    json.value(file);
  json.endArray();
}

} // namespace

std::string dryRunText(const DryRun &run) {
  std::string text = planText(run.plan) + listText("reads", run.inputs);
  if (!run.outputs.empty())
    text += listText("writes", run.outputs);
  if (run.weightsFileUnknown)
    text += "  a .tnw file beside the engine, named by the digest of what is packed\n";
  text += run.cache.empty() ? "no cache\n" : "cache " + run.cache + "\n";
  for (const DryRunPart &part : run.parts)
    text += "  " + std::string(part.hit ? "hit " : "miss") + " " + part.key.hex + "  " + part.part + "\n";
  return text;
}

std::string dryRunJson(const DryRun &run) {
  JsonWriter json;
  json.beginObject().field("schema_version", 1);
  addList(json, "inputs", run.inputs);
  addList(json, "outputs", run.outputs);
  json.field("weights_file_unknown", run.weightsFileUnknown);
  json.field("key", run.parts.front().key.hex).field("hit", run.parts.front().hit);
  json.key("cache");
  run.cache.empty() ? json.null() : json.value(run.cache);
  json.key("parts").beginArray();
  for (const DryRunPart &part : run.parts)
    json.beginObject().field("part", part.part).field("key", part.key.hex).field("hit", part.hit).endObject();
  json.endArray().key("plan");
  writePlan(json, run.plan);
  return json.endObject().text() + "\n";
}

} // namespace tenon::cli
