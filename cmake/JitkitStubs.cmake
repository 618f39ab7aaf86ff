# jitkit_add_stubs(): see below. Installed with the package.
