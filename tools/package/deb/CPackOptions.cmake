# Read by cpack. dpkg-shlibdeps goes through Perl's hashes: in a fixed order, so that it finds the same each time.
set(ENV{PERL_HASH_SEED} 0)
set(ENV{PERL_PERTURB_KEYS} 0)
