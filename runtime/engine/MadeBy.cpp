#include "runtime/engine/MadeBy.h"

namespace tenon {

std::string_view sourcesOf(const schema::Engine &engine) {
  for (const schema::KeyValue *field : *engine.key_fields()) {
    const std::string_view value = field->value()->string_view();
    const bool isDigest = value.size() == 64 && value.find_first_not_of("0123456789abcdef") == std::string_view::npos;
    if (field->key()->string_view() == kSourcesField && isDigest)
      return value;
  }
  return {};
}

std::string madeByText(std::string_view version, std::string_view sources) {
  return std::string(version) +
         (sources.empty() ? ", sources not recorded" : ", sources " + std::string(sources.substr(0, 16)));
}

std::string madeBy(const schema::Engine &engine) {
  return madeByText(engine.compiler()->string_view(), sourcesOf(engine));
}

} // namespace tenon
