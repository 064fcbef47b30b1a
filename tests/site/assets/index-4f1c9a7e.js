console.log("whole");
