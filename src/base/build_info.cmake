# Writes OUTPUT from TEMPLATE with the commit of SOURCE_DIR, but only if that
# changes it, so that nothing is recompiled needlessly.
execute_process(COMMAND git -C ${SOURCE_DIR} rev-parse HEAD
                OUTPUT_VARIABLE GIT_COMMIT OUTPUT_STRIP_TRAILING_WHITESPACE
                ERROR_QUIET RESULT_VARIABLE status)
if(NOT status EQUAL 0)
  set(GIT_COMMIT "unknown")
endif()
execute_process(COMMAND git -C ${SOURCE_DIR} status --porcelain
                OUTPUT_VARIABLE changes ERROR_QUIET)
if(changes)
  set(GIT_DIRTY true)
else()
  set(GIT_DIRTY false)
endif()
configure_file(${TEMPLATE} ${OUTPUT} @ONLY)
