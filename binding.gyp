{
  'variables': {
    'warnings': ['<!@(node -p "require(\'./native.json\').flags.warnings.join(\' \')")'],
    'addon_flags': ['<!@(node -p "require(\'./native.json\').flags.addon.join(\' \')")'],
  },
  'targets': [
    {
      'target_name': 'boxlite',
      'sources': ['<!@(node -p "require(\'./native.json\').addon.sources.join(\' \')")'],
      'include_dirs': ['binding', 'cpp'],
      'dependencies': ['<!(node -p "require(\'node-addon-api\').targets"):node_addon_api_except_all'],
      'defines': ['NAPI_VERSION=8'],
      'cflags_cc': ['-std=c++20', '<@(warnings)', '<@(addon_flags)'],
      'cflags_cc!': ['-fno-exceptions', '-fno-rtti', '-std=gnu++17'],
    },
  ],
}
