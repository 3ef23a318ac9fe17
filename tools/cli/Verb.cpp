#include "tools/cli/Verb.h"

#include "runtime/io/Temporaries.h"
#include "tools/cli/LastResort.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <system_error>

namespace tenon::cli {
namespace {

// One verb of the reference page, from what CLI11 knows.
void printReference(const char *program, const Verb &verb, CLI::App &app) {
  std::printf("## %s %s\n\n%s\n\n", program, verb.name(), verb.summary());
  std::string usage = std::string(program) + " " + verb.name();
  for (const CLI::Option *option : app.get_options())
    if (option->get_positional())
      usage += option->get_required() ? " " + option->get_name(true) : " [" + option->get_name(true) + "]";
  std::printf("    %s [options]\n\n", usage.c_str());
  std::printf("| option | meaning |\n| --- | --- |\n");
  for (const CLI::Option *option : app.get_options()) {
    std::string name = option->get_positional() ? option->get_name(true) : option->get_name(false, true);
    if (!option->get_positional() && option->get_type_size() != 0 && !option->get_type_name().empty())
      name += " " + option->get_type_name();
    std::string meaning = option->get_description();
    if (!option->get_default_str().empty())
      meaning += " (" + option->get_default_str() + ")";
    for (size_t at = 0; (at = meaning.find('|', at)) != std::string::npos; at += 2)
      meaning.insert(at, "\\");
    for (size_t at = 0; (at = name.find('|', at)) != std::string::npos; at += 2)
      name.insert(at, "\\");
    std::printf("| `%s` | %s |\n", name.c_str(), meaning.c_str());
  }
  std::printf("\nExamples:\n\n```sh\n%s```\n\n", verb.examples());
}

void printOptions(CLI::App &app) {
  for (const CLI::Option *option : app.get_options()) {
    for (const std::string &name : option->get_lnames())
      std::printf("--%s\n", name.c_str());
    for (const std::string &name : option->get_snames())
      std::printf("-%s\n", name.c_str());
  }
}

std::vector<std::string> verbNames(const Program &program) {
  std::vector<std::string> names;
  for (const auto &verb : program.verbs)
    names.emplace_back(verb->name());
  for (const ForeignVerb &verb : program.foreign)
    names.emplace_back(verb.name);
  return names;
}

// The library below throws nothing of its own; the standard library does when the system refuses a thread.
Status runVerb(Verb &verb, Terminal &terminal) {
  try {
    return verb.run(terminal);
  } catch (const std::system_error &error) {
    return Status(Code::Resource, std::string("the system refused: ") + error.what());
  }
}

} // namespace

int runProgram(Program &program, int argc, char **argv) {
  Terminal terminal;
  installLastResort();
  CLI::App app(program.description, program.name);
  app.require_subcommand(1);
  app.set_help_flag("-h,--help", "Show this help");
  app.set_version_flag("--version", "tenon " TENON_VERSION, "Show the version");
  bool reference = false, quiet = false;
  std::string optionsOf;
  std::vector<CLI::App *> commands;
  for (const auto &verb : program.verbs) {
    CLI::App *command = app.add_subcommand(verb->name(), verb->summary());
    command->set_help_flag("-h,--help", "Show this help");
    command->footer(std::string("Examples:\n") + verb->examples());
    verb->declare(*command);
    command->add_flag("-q,--quiet", quiet, "Print errors and data only");
    commands.push_back(command);
  }
  std::string others;
  for (const ForeignVerb &verb : program.foreign)
    others += "  " + std::string(verb.name) + std::string(28 - std::strlen(verb.name), ' ') + verb.summary + "\n";
  if (!others.empty())
    app.footer("The compiler's verbs:\n" + others);

  // For tools, not for people: answered before the parse, so that they need no verb.
  if (argc == 2 && std::strcmp(argv[1], "--reference") == 0)
    reference = true;
  if (argc == 3 && std::strcmp(argv[1], "--options-of") == 0)
    optionsOf = argv[2];
  for (size_t i = 0; i < commands.size(); ++i) {
    if (reference)
      printReference("tenon", *program.verbs[i], *commands[i]);
    if (optionsOf == program.verbs[i]->name())
      printOptions(*commands[i]);
  }
  if (reference || !optionsOf.empty())
    return 0;

  const std::vector<std::string> names = verbNames(program);
  if (argc > 1 && argv[1][0] != '-' && std::find(names.begin(), names.end(), argv[1]) == names.end()) {
    std::string known;
    for (const std::string &name : names)
      known += (known.empty() ? "" : ", ") + name;
    terminal.error(Status(Code::Usage, std::string("there is no verb '") + argv[1] + "', expected one of " + known));
    return static_cast<int>(Code::Usage);
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success &help) {
    return app.exit(help);
  } catch (const CLI::ParseError &error) {
    terminal.error(Status(Code::Usage, std::string(error.what()) + "\nsee `tenon --help` or `tenon VERB --help`"));
    return static_cast<int>(Code::Usage);
  }
  terminal.setQuiet(quiet);
  for (size_t i = 0; i < commands.size(); ++i) {
    if (!commands[i]->parsed())
      continue;
    Status status = runVerb(*program.verbs[i], terminal);
    if (!status.isOk())
      io::removeAllTemporaries(); // an exception passes by those that would have
    // Data that did not arrive is a failure, not silence.
    if (status.isOk() && (std::fflush(stdout) != 0 || std::ferror(stdout)))
      status = Status(Code::Resource, "cannot write to standard output");
    if (!status.isOk())
      terminal.error(status);
    return static_cast<int>(status.code());
  }
  return static_cast<int>(Code::Usage);
}

} // namespace tenon::cli
